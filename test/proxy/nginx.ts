/** A real nginx on loopback, as a reverse proxy in front of a provider. */
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'
import type { Credentials } from '../../src/config/tls.js'

// Debian installs nginx in a folder that is not on the PATH of users.
const PATH = [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].join(delimiter)
const found = spawnSync('nginx', ['-v'], { env: { PATH } }).error === undefined
if (!found && process.env.CI === 'true') throw new Error('nginx is missing; install it: apt-get install nginx-light')

/** The reason to skip tests with nginx, or false. */
export const NO_NGINX = found ? (false as const) : 'nginx is not installed (apt-get install nginx-light)'

export interface Proxying {
  /** URL of the provider. */
  readonly upstream: string
  /** Treatment of the prefix `/auth`. */
  readonly prefix: 'stripped' | 'kept'
  /** Directives of the location, such as the headers it sends. */
  readonly directives: readonly string[]
  /** Credentials for https; plain http if absent. */
  readonly credentials?: Credentials
}

/** Starts nginx and returns the URL of the provider behind it, `…/auth`. */
export async function startNginx(t: Test, { upstream, prefix, directives, credentials }: Proxying): Promise<string> {
  const folder = t.testdir({})
  const port = await findFreePort()
  if (credentials !== undefined) {
    writeFileSync(join(folder, 'cert.pem'), credentials.cert)
    writeFileSync(join(folder, 'key.pem'), credentials.key)
  }
  const tls = credentials && `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const configuration = `
    daemon off; master_process off; pid ${folder}/pid; error_log stderr notice;
    events {}
    http {
      access_log off; ${temporary.join(' ')}
      server {
        listen 127.0.0.1:${port}${tls ? ' ssl' : ''}; ${tls ?? ''}
        location = /auth { return 308 /auth/; }
        location /auth/ {
          proxy_pass ${upstream}${prefix === 'stripped' ? '/' : ''};
          ${directives.join('\n')}
        }
      }
    }`
  writeFileSync(join(folder, 'nginx.conf'), configuration)
  const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], { env: { PATH } })
  const ended = new Promise<void>((resolve) => nginx.once('close', () => resolve()))
  t.teardown(async () => {
    nginx.kill('SIGTERM')
    await ended
  })
  // nginx logs its event method after it listens.
  await new Promise<void>((resolve, reject) => {
    let said = ''
    nginx.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('event method')) resolve()
    })
    nginx.once('close', () => reject(new Error(`nginx ended: ${said}`)))
  })
  return `${tls ? 'https' : 'http'}://localhost:${port}/auth`
}

async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
