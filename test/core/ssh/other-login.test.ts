import { expect, test } from 'vitest'
import { otherLogin } from '../../../src/core/ssh/other-login.js'

test.each([
  ['cloud-init', `Please login as the user "ubuntu" rather than the user "root".\n\n`, { user: 'ubuntu' }],
  ['older images', 'Please login as the ec2-user user rather than root user.\n', { user: 'ec2-user' }],
  [
    'an image without such a user',
    `Please login as the user "NONE" rather than the user "root".\n`,
    { user: undefined },
  ],
  ['no name of a user', `Please login as the user "$(reboot)" rather than the user "root".\n`, { user: undefined }],
  ['a login shell', '/bin/bash\n', undefined],
  ['half of it', 'Please login as the user "ubun', undefined],
])('%s', (_, answer, told) => {
  expect(otherLogin(answer)).toEqual(told)
})
