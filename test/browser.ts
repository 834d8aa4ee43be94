/** A real browser for tests, and an application that it returns to. */
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Browser, type BrowserContextOptions, chromium, type Frame, type Page } from 'playwright-core'
import tap, { type Test, test } from 'tap'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Names that are not localhost, so that Chromium does not treat plain http as secure.
  '--host-resolver-rules=MAP *.test 127.0.0.1',
]

/** Returns CHROME_PATH, or else the first browser on PATH. */
export function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
  return process.env.CHROME_PATH || found
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const executablePath = findBrowser()
const MISSING = `no browser: none of ${NAMES.join(', ')} is on PATH, and CHROME_PATH names none`
if (executablePath === undefined && process.env.CI === 'true') throw new Error(MISSING)

let running: Promise<Browser> | undefined
/** Returns the browser that all tests of the file share. It is closed after them. */
function launch(): Promise<Browser> {
  if (running === undefined) {
    const browser = chromium.launch({ executablePath: executablePath!, args: ARGS, chromiumSandbox: false })
    tap.teardown(async () => (await browser).close())
    running = browser
  }
  return running
}

/** An application that only shows that the browser returned. */
export interface Application {
  readonly redirect_uri: string
  /** Resolves with the query when the browser has returned to `redirect_uri`. */
  returned(page: Page | Frame): Promise<URLSearchParams>
  /** Resolves with the form when the browser has posted it to `redirect_uri`. */
  posted(page: Page | Frame): Promise<URLSearchParams>
}

/** A browser window with its own cookies and storage. */
export interface Visit {
  readonly page: Page
  readonly application: Application
  /** Errors that the browser has reported, and URLs of requests to hosts other than this machine. */
  readonly complaints: string[]
}

/** Defines a test in a browser. It fails for every error on the console and every request to another host. */
export function browserTest(
  title: string,
  check: (t: Test, visit: Visit) => Promise<void>,
  options: BrowserContextOptions = {},
): void {
  void test(title, { skip: executablePath === undefined && MISSING }, async (t) => {
    const browser = await launch()
    const application = await startApplication(t)
    const context = await browser.newContext(options)
    t.teardown(() => context.close())
    const page = await context.newPage()
    // A bound for a broken page, generous for a busy machine.
    page.setDefaultTimeout(60_000)
    const complaints: string[] = []
    context.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url())
      if (protocol !== 'data:' && !/^(localhost|127\.0\.0\.1|.*\.test)$/.test(hostname)) complaints.push(request.url())
    })
    context.on('console', (message) => {
      // A page that refuses a request is expected.
      if (message.type() === 'error' && !/responded with a status of 4\d\d/.test(message.text()))
        complaints.push(message.text())
    })
    context.on('weberror', (error) => complaints.push(String(error.error())))
    context.on('dialog', (dialog) => {
      complaints.push(`a dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await check(t, { page, application, complaints })
    t.strictSame(complaints, [])
  })
}

async function startApplication(t: Test): Promise<Application> {
  let form = ''
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') form = `${request.headers['content-type']}|${await text(request)}`
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end('<!doctype html><link rel="icon" href="data:,"><title>Back</title><h1>Back at the application</h1>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const redirect_uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`
  const returned = async (page: Page | Frame) => {
    await page.waitForURL((url) => url.origin + url.pathname === redirect_uri)
    await page.getByRole('heading', { name: 'Back at the application' }).waitFor()
    return new URL(page.url()).searchParams
  }
  return {
    redirect_uri,
    returned,
    posted: async (page) => {
      await returned(page)
      t.match(form, /^application\/x-www-form-urlencoded\|/)
      return new URLSearchParams(form.split('|')[1])
    },
  }
}
