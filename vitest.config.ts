import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { starcluster: fileURLToPath(new URL('./src/api.ts', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    // Three at a time on two cores: half of the time a test waits for machines, daemons and terminals.
    maxWorkers: 3,
    testTimeout: 60_000,
    // Real machines on a computer that others may load: once more in CI. By hand every failure shows at once.
    retry: process.env.CI ? 1 : 0,
    hookTimeout: 180_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
})
