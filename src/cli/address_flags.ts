/** The flags for URLs, reverse proxies and TLS. */
import { booleanOrList, type Flag, number, text } from './flag.js'

/** The flags in the order of `--help`. */
export const ADDRESS_FLAGS: readonly Flag[] = [
  {
    heading: 'URLs, proxies and TLS:',
    names: '--issuer',
    env: 'ISSUER',
    value: '<URL>',
    description: 'issuer identifier (default: taken from the host of each request)',
    paths: [['issuer']],
    parse: text,
  },
  {
    names: '--public-url',
    env: 'PUBLIC_URL',
    value: '<URL>',
    description: 'URL for browsers, if it differs from the issuer',
    paths: [['public_url']],
    parse: text,
  },
  {
    names: '--internal-url',
    env: 'INTERNAL_URL',
    value: '<URL>',
    description: 'URL for back ends, if it differs from the issuer',
    paths: [['internal_url']],
    parse: text,
  },
  {
    names: '--base-path',
    env: 'BASE_PATH',
    value: '<PATH>',
    description: 'path such as /auth under which a reverse proxy serves the provider',
    paths: [['server', 'base_path']],
    parse: text,
  },
  {
    names: '--trust-forwarded',
    env: 'TRUST_FORWARDED',
    value: '[BOOL]',
    description:
      'trust X-Forwarded-Proto, -Host, -Port and -Prefix, and Forwarded: true, false, or proxy addresses separated by commas (default: true)',
    paths: [['server', 'trust_forwarded']],
    parse: booleanOrList,
  },
  {
    names: '--tls-cert',
    env: 'TLS_CERT',
    value: '<FILE>',
    description: 'serve https with this PEM certificate; reloaded when it changes',
    paths: [['server', 'tls', 'cert']],
    parse: text,
  },
  {
    names: '--tls-key',
    env: 'TLS_KEY',
    value: '<FILE>',
    description: 'PEM private key of --tls-cert',
    paths: [['server', 'tls', 'key']],
    parse: text,
  },
  {
    names: '--tls-self-signed',
    env: 'TLS_SELF_SIGNED',
    value: '[NAMES]',
    description: 'serve https with a certificate generated at start for these names (default: localhost,127.0.0.1,::1)',
    paths: [['server', 'tls']],
    parse: (value) => {
      const names = booleanOrList(value)
      return typeof names === 'boolean' ? { self_signed: names } : { self_signed: true, names }
    },
  },
  {
    names: '--tls-ca-file',
    env: 'TLS_CA_FILE',
    value: '<FILE>',
    description: 'file to write the CA certificate of --tls-self-signed to',
    paths: [['server', 'tls', 'ca_file']],
    parse: text,
  },
  {
    names: '--http-port',
    env: 'HTTP_PORT',
    value: '<N>',
    description: 'additional port for plain http next to https; 0 picks a free one',
    paths: [['server', 'http_port']],
    parse: number,
  },
]
