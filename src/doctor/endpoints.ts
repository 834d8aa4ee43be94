/** Checks whether browsers and back ends can reach their endpoints. */
import { ROUTES } from '../routes.js'
import { type Finding, fail, ok, warn } from './finding.js'
import { isHttpUrl } from './hosts.js'

type Side = 'browsers' | 'back ends'

/** Endpoints with the same base URL. */
interface Group {
  readonly side: Side
  readonly base: string
  readonly names: string[]
}

export function* judgeEndpoints(asked: string, document: Readonly<Record<string, unknown>>): Iterable<Finding> {
  const groups: Group[] = []
  for (const { name, path, channel } of ROUTES.filter(({ advertised }) => advertised)) {
    const url = document[name]
    if (url === undefined) continue
    if (!isHttpUrl(url)) {
      const message = `is ${JSON.stringify(url)}, expected a URL`
      yield fail(name, message, 'set issuer, public_url and internal_url to http or https URLs')
      continue
    }
    const { origin, pathname } = new URL(url)
    const base = pathname.endsWith(path) ? origin + pathname.slice(0, -path.length) : origin
    const side = channel === 'browser' ? 'browsers' : 'back ends'
    const group = groups.find((other) => other.side === side && other.base === base)
    if (group === undefined) groups.push({ side, base, names: [name] })
    else group.names.push(name)
  }
  for (const { side, base, names } of groups) yield judgeBase(side, base, names.join(', '), asked)
}

function judgeBase(side: Side, base: string, about: string, asked: string): Finding {
  const setting = side === 'browsers' ? 'public_url (--public-url)' : 'internal_url (--internal-url)'
  const [there, here] = [new URL(base), new URL(asked)]
  const message = `${side} are sent to ${base}`
  if (side === 'browsers' && isContainerName(there.hostname)) {
    return warn(
      about,
      `${message}; a name without a dot is known only in its own network, so browsers outside cannot reach it`,
      `set ${setting} to the URL for browsers, such as http://localhost:${there.port || '9400'}`,
    )
  }
  if (base === asked) return ok(about, `${message}, the requested URL`)
  const differs = `${message}, but the requested URL is ${asked}`
  if (side === 'back ends' && isLoopback(there.hostname) && !isLoopback(here.hostname)) {
    return warn(
      about,
      `${differs}; on another machine or in another container, ${there.hostname} is not the provider`,
      `set ${setting} to ${asked}`,
    )
  }
  if (there.hostname === here.hostname && there.protocol !== here.protocol) {
    return warn(
      about,
      `${differs}, with another scheme`,
      `set ${setting} to ${asked}, or let the proxy send X-Forwarded-Proto and make the provider trust it (server.trust_forwarded)`,
    )
  }
  return ok(about, `${differs}; this is correct if ${side} can reach it; otherwise set ${setting}`)
}

/** Tells whether the name is known only in a container network, such as the name of a compose service. */
const isContainerName = (hostname: string) => /^[^.:[]+$/.test(hostname) && hostname !== 'localhost'
const isLoopback = (hostname: string) => hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
