/** Explains requests whose host differs from the configured URLs. */

/** The configured URLs. */
export interface Named {
  readonly issuer?: string | undefined
  readonly public_url?: string | undefined
  readonly internal_url?: string | undefined
}

/** Maximum number of hosts with a warning, so that made-up names cannot fill the log. */
const MOST_WARNINGS = 20

/** Tells whether a base URL has the same origin as one of the configured URLs. */
export function isNamed(base: string, { issuer, public_url, internal_url }: Named): boolean {
  return [issuer, public_url, internal_url].some((url) => url !== undefined && originOf(url) === originOf(base))
}

/** Tells whether the value is an http or https URL. */
export function isHttpUrl(url: unknown): url is string {
  return typeof url === 'string' && /^https?:\/\//i.test(url) && URL.canParse(url)
}

/** Returns scheme, host and port of a URL. */
export const originOf = (url: string): string => new URL(url).origin

/** Describes why a client configured with `asked` refuses tokens of this issuer, and the setting that helps. */
export function explainHost(asked: string, issuer: string): { message: string; advice: string } {
  return {
    message: `requested as ${asked}, but the issuer is ${issuer}: a client configured with ${asked} refuses tokens whose iss is ${issuer}`,
    advice: `configure ${issuer} as the issuer in clients; if back ends can reach only ${asked}, set internal_url to it (--internal-url); if browsers use it, set public_url to it (--public-url); if both use it, set issuer to it (--issuer)`,
  }
}

/** Creates a function that warns once about each host that differs from the configured URLs, if there are any. */
export function createHostWarning(warn: (message: string) => void): (asked: string, named: Named) => void {
  const seen = new Set<string>()
  return (asked, named) => {
    const issuer = named.issuer ?? named.public_url
    if (issuer === undefined || seen.size >= MOST_WARNINGS) return
    const origin = originOf(asked)
    if (seen.has(origin) || isNamed(asked, named)) return
    seen.add(origin)
    const { message, advice } = explainHost(asked, issuer)
    warn(`${message}; ${advice}. Run \`oidc-provider-mock doctor ${asked}\` for details`)
  }
}
