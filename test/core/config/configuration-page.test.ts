import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configurationPage } from './configuration-page.js'

// After a change of the schema: npx vitest run test/core/config/configuration-page.test.ts --update
test('docs/configuration.md says what the schema says', async () => {
  await expect(configurationPage()).toMatchFileSnapshot(join(import.meta.dirname, '../../../docs/configuration.md'))
})
