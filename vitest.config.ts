import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { starcluster: fileURLToPath(new URL('./src/api.ts', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    // Two at a time: real nodes, daemons and terminals share the machine with the tests.
    maxWorkers: 2,
    testTimeout: 60_000,
    // Real machines on a computer that others may load: once more in CI. By hand every failure shows at once.
    retry: process.env.CI ? 1 : 0,
    hookTimeout: 180_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
})
