/** Explains what it means that requests come under another name than the configured ones. */

/** The configured URLs; each may be left out. */
export interface Named {
  readonly issuer?: string | undefined
  readonly public_url?: string | undefined
  readonly internal_url?: string | undefined
}

/** How many hosts are warned of, lest whoever makes names up fills the log. */
const MOST_WARNINGS = 20

/** Whether a base is on the same host and port, by the same scheme, as one of the configured URLs. */
export function isNamed(base: string, { issuer, public_url, internal_url }: Named): boolean {
  return [issuer, public_url, internal_url].some((url) => url !== undefined && originOf(url) === originOf(base))
}

/** Whether it is a URL that a client could ask. */
export function isHttpUrl(url: unknown): url is string {
  return typeof url === 'string' && /^https?:\/\//i.test(url) && URL.canParse(url)
}

/** The scheme, host and port of a URL, or the text itself where it is none. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url
}

/** Why a client that was given `asked` gets into trouble with this issuer, and what to set. */
export function explainHost(asked: string, issuer: string): { message: string; advice: string } {
  return {
    message: `asked as ${asked}, but the issuer is ${issuer}: a client that was given ${asked} refuses the tokens, whose iss is ${issuer}`,
    advice: `give clients ${issuer} as the issuer; if back ends can reach only ${asked}, set internal_url to it (--internal-url); if browsers visit it, set public_url to it (--public-url); if both sides know it, set issuer to it (--issuer)`,
  }
}

/** A function that warns once of each host that contradicts what is configured; where nothing is, none does. */
export function createHostWarning(warn: (message: string) => void): (asked: string, named: Named) => void {
  const seen = new Set<string>()
  return (asked, named) => {
    const issuer = named.issuer ?? named.public_url
    if (issuer === undefined || seen.size >= MOST_WARNINGS) return
    const origin = originOf(asked)
    if (seen.has(origin) || isNamed(asked, named)) return
    seen.add(origin)
    const { message, advice } = explainHost(asked, issuer)
    warn(`${message}; ${advice}. \`oidc-provider-mock doctor ${asked}\` says more`)
  }
}
