/** Turns facts into findings: one message per check, with advice for each problem. Pure. */
import { judgeEndpoints } from './endpoints.js'
import type { Facts } from './facts.js'
import type { Fetched } from './fetch.js'
import { type Finding, fail, ok, warn } from './finding.js'
import { explainHost, isHttpUrl, originOf } from './hosts.js'
import { judgeKeys } from './keys.js'
import { judgeLibraries } from './libraries.js'

/** Accepted clock difference in seconds. RFC 7519 §4.1.4 speaks of a few minutes; many libraries accept less. */
const MOST_SECONDS = 60

export function judge(facts: Facts): Finding[] {
  const unreachable = [...judgeAnswer('discovery', facts.discovery)]
  const document = facts.discovery.json
  if (unreachable.some(({ level }) => level === 'fail') || document === undefined) return unreachable
  return [
    ...unreachable,
    ...judgeIssuer(facts.asked, document),
    ...judgeEndpoints(facts.asked, document),
    ...judgeJwks(facts, document),
    judgeClock(facts),
    ...(isHttpUrl(document.issuer) ? judgeLibraries(document.issuer) : []),
  ]
}

/** Advice for each error code. */
const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nothing listens there: check that the provider runs and that the port is right. In a container, localhost is the container itself: use the name of the compose service or Kubernetes Service, and let the provider listen with --host 0.0.0.0',
  ENOTFOUND:
    'this machine cannot resolve the name: containers know the names of compose services only within one network; elsewhere use a name that this machine can resolve',
  EAI_AGAIN: 'the name lookup failed temporarily: check the DNS server of this container or machine',
  ETIMEDOUT: 'nothing answers there: check firewalls and network policies between this machine and the provider',
  TIMEOUT: 'nothing answers there: check firewalls and network policies between this machine and the provider',
  ECONNRESET: 'the server closed the connection: if it serves https, use https://',
  EPROTO: 'the server does not speak TLS: use http://, or enable TLS with --tls-self-signed or --tls-cert',
  OFF_HOST: 'clients do not follow redirects to another host: configure that URL in clients',
  REDIRECTS: 'check the reverse proxy in front of the provider',
  TOO_LARGE: 'another program answers there',
  NO_URL: 'use a URL such as http://localhost:9400',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate is for other names: add this name with --tls-self-signed NAME,NAME (server.tls.names), or use a name of the certificate',
  CERT_HAS_EXPIRED: 'renew the certificate; the provider reloads changed files without a restart',
}

function remedyFor(code: string): string {
  const known = Object.hasOwn(REMEDIES, code) ? REMEDIES[code] : undefined
  if (known !== undefined) return known
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return 'no known authority has signed the certificate: trust its CA (doctor: --ca FILE; Node.js: NODE_EXTRA_CA_CERTS); the CA of --tls-self-signed is at /tls/ca.pem and in the file of --tls-ca-file'
  }
  return 'check the URL, and check that the provider runs'
}

/** Checks that the document was received. */
function* judgeAnswer(about: string, fetched: Fetched): Iterable<Finding> {
  const { url, redirects, status, json, failure, untrusted } = fetched
  if (failure !== undefined) {
    yield fail(about, `${url} cannot be read from this machine: ${failure.message}`, remedyFor(failure.code))
    return
  }
  if (redirects.length > 0) {
    yield warn(
      about,
      `${redirects[0]} redirects to ${url}`,
      'configure the final URL in clients; not all clients follow redirects',
    )
  }
  if (untrusted !== undefined) {
    yield warn(
      about,
      `the certificate of ${originOf(url)} is not trusted on this machine (${untrusted}); the request was sent because of --insecure`,
      remedyFor(untrusted),
    )
  }
  if (status !== 200) {
    const advice =
      status === 404
        ? 'check the path of the URL. Behind a reverse proxy that serves the provider under a path, set server.base_path (--base-path) to that path'
        : 'check which program answers there: the provider answers 200; a reverse proxy that cannot reach it answers 502 or 503'
    yield fail(about, `${url} answered with status ${status}, expected 200`, advice)
  } else if (json === undefined) {
    yield fail(about, `${url} answered with a body that is not a JSON object`, 'another program answers there')
  } else {
    yield ok(about, `${url} answers`)
  }
}

/** OpenID Connect Discovery §4.3: the issuer must be identical to the requested URL. */
function* judgeIssuer(asked: string, { issuer }: Readonly<Record<string, unknown>>): Iterable<Finding> {
  if (!isHttpUrl(issuer)) {
    yield fail('issuer', `issuer is ${JSON.stringify(issuer)}, expected a URL`, 'set issuer to an http or https URL')
    return
  }
  if (issuer === asked) {
    yield ok('issuer', `${issuer} is the requested URL`)
    return
  }
  if (issuer === `${asked}/`) {
    yield ok(
      'issuer',
      `${issuer} is the requested URL with a trailing slash; clients must be configured with the slash`,
    )
    return
  }
  const [there, here] = [new URL(issuer), new URL(asked)]
  const host = explainHost(asked, issuer)
  if (there.host === here.host && there.protocol !== here.protocol) {
    const advice =
      'if a proxy terminates TLS, let it send X-Forwarded-Proto (and X-Forwarded-Port if the port is not 443) and make the provider trust it (server.trust_forwarded, --trust-forwarded); or set public_url'
    yield warn('issuer', host.message, advice)
  } else if (there.origin === here.origin) {
    const path = here.pathname.replace(/\/$/, '')
    const way = `set server.base_path (--base-path) to "${path}", or let the proxy send it as X-Forwarded-Prefix, or `
    const advice = `the paths differ: ${path === '' ? '' : way}configure ${issuer} as the issuer in clients`
    yield warn('issuer', host.message, advice)
  } else if (there.hostname === here.hostname) {
    const advice =
      'the ports differ: let the proxy pass on the whole Host header (nginx: proxy_set_header Host $http_host), or send X-Forwarded-Port; or set public_url'
    yield warn('issuer', host.message, advice)
  } else {
    yield warn('issuer', host.message, host.advice)
  }
}

function* judgeJwks({ asked, jwks }: Facts, document: Readonly<Record<string, unknown>>): Iterable<Finding> {
  if (jwks === undefined) {
    const message = `is ${JSON.stringify(document.jwks_uri)}, expected a URL`
    yield fail(
      'jwks_uri',
      message,
      'clients cannot verify tokens without it; check that this document is the discovery document of a provider',
    )
    return
  }
  for (const finding of judgeAnswer('jwks_uri', jwks)) {
    const elsewhere = finding.level === 'fail' && originOf(jwks.url) !== originOf(asked)
    const advice = `${finding.advice}. The requested URL did answer: if back ends run on this machine, set internal_url (--internal-url) to ${asked}`
    yield elsewhere ? { ...finding, advice } : finding
  }
  if (jwks.json !== undefined && jwks.status === 200) yield judgeKeys(jwks.json, document)
}

function judgeClock({ discovery: { date }, now }: Facts): Finding {
  if (date === undefined) return ok('clock', 'the response has no Date header, so clocks were not compared')
  const ahead = date - now
  if (Math.abs(ahead) <= MOST_SECONDS)
    return ok('clock', `the clocks of the provider and of this machine agree within ${MOST_SECONDS} seconds`)
  const message = `the provider's clock is ${Math.abs(ahead)} seconds ${ahead > 0 ? 'ahead of' : 'behind'} the clock of this machine`
  return fail(
    'clock',
    message,
    'clients may find tokens expired or not yet valid; synchronize the clocks (NTP; after sleep, restart the virtual machine of the containers)',
  )
}
