/** Judges what the doctor saw: a sentence for everything that is right, and for what isn't also what to set. No side effects. */
import { judgeEndpoints } from './endpoints.js'
import type { Facts } from './facts.js'
import type { Fetched } from './fetch.js'
import { type Finding, fail, ok, warn } from './finding.js'
import { explainHost, isHttpUrl, originOf } from './hosts.js'
import { judgeKeys } from './keys.js'

/** RFC 7519 §4.1.4 allows for a clock that is wrong by a little, "usually no more than a few minutes"; many libraries allow less. */
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
  ]
}

/** What to do about each way of not being reached. */
const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nothing listens there: is the provider running, and is the port right? In a container, localhost is the container itself: use the name of the compose service or Kubernetes Service, and have the provider listen with --host 0.0.0.0',
  ENOTFOUND:
    'the name leads to no address here: containers know each other by the names of their compose services only within one network; elsewhere use a name that this machine can resolve',
  EAI_AGAIN: 'the name could not be looked up just now: is there a DNS server for this container or machine?',
  ETIMEDOUT: 'nothing answers there: is a firewall or a network policy in between?',
  TIMEOUT: 'nothing answers there: is a firewall or a network policy in between?',
  ECONNRESET: 'what listens there hangs up: is it https? Ask with https:// then',
  EPROTO: 'what listens there speaks no TLS: ask with http://, or switch it on with --tls-self-signed or --tls-cert',
  OFF_HOST:
    'the redirect was not followed, since clients do not follow one either; ask there, and give clients that URL',
  REDIRECTS: 'look at the reverse proxy in front',
  TOO_LARGE: 'something else than the provider answers there',
  NO_URL: 'give a URL such as http://localhost:9400',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate is for other names: list this one with --tls-self-signed NAME,NAME (server.tls.names), or ask by a name that it has',
  CERT_HAS_EXPIRED: 'renew the certificate; the provider takes changed files without a restart',
}

function remedyFor(code: string): string {
  const known = Object.hasOwn(REMEDIES, code) ? REMEDIES[code] : undefined
  if (known !== undefined) return known
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return 'no authority known here vouches for the certificate: trust its CA (doctor: --ca FILE; Node.js: NODE_EXTRA_CA_CERTS); that of --tls-self-signed is at /tls/ca.pem, and in the file of --tls-ca-file'
  }
  return 'see whether the URL is right, and whether the provider runs'
}

/** Whether a document came at all. */
function* judgeAnswer(about: string, fetched: Fetched): Iterable<Finding> {
  const { url, redirects, status, json, failure, untrusted } = fetched
  if (failure !== undefined) {
    yield fail(about, `${url} can't be read from here: ${failure.message}`, remedyFor(failure.code))
    return
  }
  if (redirects.length > 0) {
    yield warn(
      about,
      `${redirects[0]} redirects to ${url}`,
      'give clients the URL that answers; not all follow redirects',
    )
  }
  if (untrusted !== undefined) {
    yield warn(
      about,
      `the certificate of ${originOf(url)} is not trusted here (${untrusted}); --insecure asks all the same`,
      remedyFor(untrusted),
    )
  }
  if (status !== 200) {
    const advice =
      status === 404
        ? 'is a path missing or too much? Behind a reverse proxy that shows the provider below a path, set server.base_path (--base-path) to that path'
        : 'look at what answers there: the provider itself answers 200; a reverse proxy without one behind it answers 502 or 503'
    yield fail(about, `${url} answered ${status}, but 200 was expected`, advice)
  } else if (json === undefined) {
    yield fail(
      about,
      `${url} answered something that is no JSON object`,
      'something else than the provider answers there',
    )
  } else {
    yield ok(about, `${url} answers`)
  }
}

/** OpenID Connect Discovery §4.3: the issuer must be exactly the URL that was asked. */
function* judgeIssuer(asked: string, { issuer }: Readonly<Record<string, unknown>>): Iterable<Finding> {
  if (!isHttpUrl(issuer)) {
    yield fail('issuer', `issuer is ${JSON.stringify(issuer)}, but a URL was expected`, 'set issuer to a URL')
    return
  }
  if (issuer === asked) {
    yield ok('issuer', `${issuer} is what was asked`)
    return
  }
  if (issuer === `${asked}/`) {
    yield ok('issuer', `${issuer} is what was asked, with a slash at its end; clients need it exactly so`)
    return
  }
  const [there, here] = [new URL(issuer), new URL(asked)]
  const host = explainHost(asked, issuer)
  if (there.host === here.host && there.protocol !== here.protocol) {
    const advice =
      'where a proxy does the TLS, let it send X-Forwarded-Proto (and -Port, where it is not 443), and the provider trust it (server.trust_forwarded, --trust-forwarded); or set public_url'
    yield warn('issuer', host.message, advice)
  } else if (there.origin === here.origin) {
    const path = here.pathname.replace(/\/$/, '')
    const way = `set server.base_path (--base-path) to "${path}", or let the proxy send it as X-Forwarded-Prefix, or `
    const advice = `the two differ in the path: ${path === '' ? '' : way}give clients ${issuer} as the issuer`
    yield warn('issuer', host.message, advice)
  } else if (there.hostname === here.hostname) {
    const advice =
      'the two differ in the port: let the proxy pass on the whole Host header (nginx: proxy_set_header Host $http_host), or send X-Forwarded-Port; or set public_url'
    yield warn('issuer', host.message, advice)
  } else {
    yield warn('issuer', host.message, host.advice)
  }
}

function* judgeJwks({ asked, jwks }: Facts, document: Readonly<Record<string, unknown>>): Iterable<Finding> {
  if (jwks === undefined) {
    const message = `is ${JSON.stringify(document.jwks_uri)}, but a URL was expected`
    yield fail('jwks_uri', message, 'without it no client can verify a token; is this discovery that of a provider?')
    return
  }
  for (const finding of judgeAnswer('jwks_uri', jwks)) {
    const elsewhere = finding.level === 'fail' && originOf(jwks.url) !== originOf(asked)
    const advice = `${finding.advice}. What was asked did answer: if back ends run here, set internal_url (--internal-url) to ${asked}`
    yield elsewhere ? { ...finding, advice } : finding
  }
  if (jwks.json !== undefined && jwks.status === 200) yield judgeKeys(jwks.json, document)
}

function judgeClock({ discovery: { date }, now }: Facts): Finding {
  if (date === undefined) return ok('clock', 'the answer says no time, so clocks were not compared')
  const ahead = date - now
  if (Math.abs(ahead) <= MOST_SECONDS)
    return ok('clock', `the provider's clock and this one agree within ${MOST_SECONDS} seconds`)
  const message = `the provider's clock is ${Math.abs(ahead)} seconds ${ahead > 0 ? 'ahead of' : 'behind'} the one here`
  return fail(
    'clock',
    message,
    'tokens seem expired or not yet valid; set the clocks right (NTP; after sleep, restart the virtual machine that containers run in)',
  )
}
