import type { ImageListing } from '../../index.js'
import * as field from './fields.js'

/** Facts of images, for the commands that list some. */
export const imageFields: field.Fields<ImageListing> = {
  id: field.text('id of the image', ({ id }) => id, { column: 'IMAGE' }),
  name: field.text('its name', ({ name }) => name, { column: 'NAME', wraps: true }),
  state: field.text('pending, available, failed, ...', ({ state }) => state, { column: 'STATE' }),
  description: field.text('what its maker says of it', ({ description }) => description),
  owner: field.text('account that owns it, or its alias', ({ owner }) => owner),
  architecture: field.text('x86_64 or arm64', ({ architecture }) => architecture, { column: 'ARCH' }),
  virtualization: field.text('hvm or paravirtual', ({ virtualization }) => virtualization),
  rootDevice: field.text('device of the root volume', ({ rootDevice }) => rootDevice),
  rootSize: field.gib('least size of a root volume, GiB', ({ rootSize }) => rootSize, { column: 'ROOT' }),
  createTime: field.time('when it was made', ({ createTime }) => createTime, { column: 'MADE', extra: true }),
  snapshotIds: field.texts('snapshots that its volumes are made from', ({ snapshotIds }) => snapshotIds),
  public: field.flag('whether everybody may use it', (image) => image.public),
  tags: field.tags('tags by key', ({ tags }) => tags),
}
