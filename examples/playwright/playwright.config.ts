import { defineConfig } from '@playwright/test'

// A browser that is installed already; without the variable, the one of `npx playwright install chromium`.
const executablePath = process.env.CHROME_PATH

export default defineConfig({
  globalSetup: './provider.ts',
  testMatch: '*.test.ts',
  fullyParallel: true,
  use: { launchOptions: { ...(executablePath !== undefined && { executablePath }) } },
})
