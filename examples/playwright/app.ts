// A small application. Its page shows the name of the user who has logged in.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as client from 'openid-client'

/** The URL of the running application and a function that stops it. */
export interface App {
  readonly url: string
  close(): Server
}

export async function startApp(issuer: string): Promise<App> {
  const config = await client.discovery(new URL(issuer), 'app', undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  })
  const server = createServer(async (request, response) => {
    const here = new URL(request.url!, url)
    if (here.pathname === '/login') {
      const redirect_uri = `${url}/callback`
      response.writeHead(302, {
        location: client.buildAuthorizationUrl(config, { redirect_uri, scope: 'openid profile' }).href,
      })
      return response.end()
    }
    response.setHeader('content-type', 'text/html; charset=utf-8')
    if (here.pathname !== '/callback') return response.end('<a href="/login">Log in</a>')
    try {
      const tokens = await client.authorizationCodeGrant(config, here)
      return response.end(`<h1>Hello, ${tokens.claims()!.name}</h1>`)
    } catch (error) {
      return response.end(`<h1>Login failed</h1><p>${(error as { code?: string }).code}`)
    }
  })
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening))
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  return { url, close: () => server.close() }
}
