/** The flags about where the provider is: its URLs, what is in front of it, and TLS. */
import { booleanOrList, type Flag, number, text } from './flag.js'

/** In the order of `--help`. */
export const ADDRESS_FLAGS: readonly Flag[] = [
  {
    names: '--issuer',
    env: 'ISSUER',
    value: '<URL>',
    description: 'the issuer identifier (default: follows the host of each request)',
    paths: [['issuer']],
    parse: text,
  },
  {
    names: '--public-url',
    env: 'PUBLIC_URL',
    value: '<URL>',
    description: 'what browsers visit, where that is not the issuer',
    paths: [['public_url']],
    parse: text,
  },
  {
    names: '--internal-url',
    env: 'INTERNAL_URL',
    value: '<URL>',
    description: 'what back ends call, where that is not the issuer',
    paths: [['internal_url']],
    parse: text,
  },
  {
    names: '--base-path',
    env: 'BASE_PATH',
    value: '<PATH>',
    description: 'a path such as /auth, below which a reverse proxy shows the provider',
    paths: [['server', 'base_path']],
    parse: text,
  },
  {
    names: '--trust-forwarded',
    env: 'TRUST_FORWARDED',
    value: '[BOOL]',
    description:
      'believe X-Forwarded-Proto, -Host, -Port and -Prefix, or from whom: addresses with commas (default: true)',
    paths: [['server', 'trust_forwarded']],
    parse: booleanOrList,
  },
  {
    names: '--tls-cert',
    env: 'TLS_CERT',
    value: '<FILE>',
    description: 'serve https with this PEM certificate; a change is followed at once',
    paths: [['server', 'tls', 'cert']],
    parse: text,
  },
  {
    names: '--tls-key',
    env: 'TLS_KEY',
    value: '<FILE>',
    description: 'the PEM private key of --tls-cert',
    paths: [['server', 'tls', 'key']],
    parse: text,
  },
  {
    names: '--tls-self-signed',
    env: 'TLS_SELF_SIGNED',
    value: '[NAMES]',
    description: 'serve https with a certificate made at start, for these names (default: localhost,127.0.0.1,::1)',
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
    description: 'write the authority of --tls-self-signed to this file',
    paths: [['server', 'tls', 'ca_file']],
    parse: text,
  },
  {
    names: '--http-port',
    env: 'HTTP_PORT',
    value: '<N>',
    description: 'a second port for plain http beside https; 0 picks a free one',
    paths: [['server', 'http_port']],
    parse: number,
  },
]
