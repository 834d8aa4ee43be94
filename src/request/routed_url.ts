/** Rewrites a request's URL to one path of the route table: without base path and isolated issuer, and with our path instead of a preset's. */
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Snapshot } from '../config/snapshot.js'
import { PATHS, ROUTES, type RouteName } from '../routes.js'
import { firstOf, stripPath } from './origin.js'

const ISOLATED = Symbol('isolated issuer')

/** An isolated issuer in the URL of a request. */
interface Isolated {
  /** Decoded name, which may be invalid. */
  readonly name: string
  /** The URL below the base path, with `/issuers/NAME`. */
  readonly url: string
}

type Message = IncomingMessage & { [ISOLATED]?: Isolated }

/** Paths that may begin with the base path although nothing precedes them: with `/oidc`, `/oidc/login` is complete. */
const OWN_PATHS: ReadonlySet<string> = new Set(ROUTES.map(({ path }) => path))

/** Returns the URL to route by and remembers the isolated issuer of the request. */
export function rewriteUrl(snapshot: Snapshot, request: IncomingMessage): string {
  const { headers, socket } = request
  const url = readTarget(request)
  if (OWN_PATHS.has(url.split('?')[0]!)) return url
  const forwarded = snapshot.trusts(socket.remoteAddress) ? firstOf(headers['x-forwarded-prefix']) : undefined
  const base_path = forwarded?.startsWith('/') ? forwarded.replace(/\/$/, '') : snapshot.base_path
  const below = stripPath(appendWellKnown(url), base_path)
  const [, prefix = '', encoded = ''] = /^(\/+issuers\/+([^/?#]+))/.exec(below) ?? []
  // The URL of the issuer itself, without a slash at its end.
  const isIssuer = base_path !== '' && url.split('?')[0] === base_path
  const rest = ownUrl(snapshot, below.slice(isIssuer ? 1 : prefix.length))
  const name = decode(encoded)
  // The router refuses a URL that is not percent-encoded UTF-8.
  if (prefix === '' || name === undefined) return isIssuer && !rest.startsWith('/') ? `/${rest}` : prefix + rest
  const message: Message = request
  message[ISOLATED] = { name, url: prefix + rest }
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** RFC 9112 §3.2.2: the host of a target with a scheme, as in a request to a proxy, replaces that of the Host header. */
function readTarget(request: IncomingMessage): string {
  const [absolute, host, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(request.url!) ?? []
  if (absolute === undefined) return request.url!
  request.headers.host = host
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Returns the name of the isolated issuer in the URL, valid or not; undefined for the default issuer. */
export const isolatedName = ({ raw }: FastifyRequest): string | undefined => (raw as Message)[ISOLATED]?.name

/** Returns the URL of the request below the base path, with `/issuers/NAME`. */
export const urlOf = ({ raw, url }: FastifyRequest): string => (raw as Message)[ISOLATED]?.url ?? url

/**
 * Replaces a path of the preset by the path of the route table. An empty path is the URL of an issuer. Where the issuer ends with
 * the name of a tenant, the endpoints are served below the issuer as well as beside it.
 */
function ownUrl({ preset, preset_paths }: Snapshot, url: string): string {
  const below = preset?.name === undefined ? url : stripPath(url, preset.issuer_suffix)
  for (const one of [url, below]) {
    const path = one.split('?')[0]!
    const name = preset_paths.get(path) as RouteName | undefined
    if (name !== undefined) return PATHS[name] + one.slice(path.length)
  }
  return below
}

const INSERTED = /^\/*(\/\.well-known\/(?:openid-configuration|oauth-authorization-server))(\/[^?]*)(.*)$/

/**
 * RFC 8414 §3.1: the metadata of an issuer with a path is also served with the well-known part before that path. The
 * route table has it after the path, as OpenID Connect Discovery §4.1 does.
 */
function appendWellKnown(url: string): string {
  const [, document, path = '', query = ''] = INSERTED.exec(url) ?? []
  return document === undefined ? url : path + document + query
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
