import { NoLongerAvailable } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

/** What to use in place of each command for images in S3. */
const instead: Readonly<Record<string, string>> = {
  s3image: 'make an image on EBS: starcluster ebsimage INSTANCE NAME',
  showimage: 'see what your images are made of: starcluster listimages --long',
  downloadimage: 'copy an image to another region: starcluster copyimage IMAGE REGION',
}

/** s3image, showimage and downloadimage: whatever is asked, the answer is why they are gone. */
export const define: DefineCommand = (command) => {
  command
    .description('gone: images in S3 (instance store) are gone from AWS')
    .argument('[words...]', 'whatever: the answer is the same')
    .allowUnknownOption()
    .action(() => {
      throw new NoLongerAvailable(
        `there is no ${command.name()} any more: images in S3 (instance store) are gone from AWS`,
        {
          hint: instead[command.name()],
        },
      )
    })
  examples(command, [
    ['starcluster ebsimage i-0c9999990123456789 my-tools', 'make an image on EBS'],
    ['starcluster listimages --long', 'what images are made of'],
  ])
}
