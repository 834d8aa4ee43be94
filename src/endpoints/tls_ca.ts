/** The certificate authority of a self-signed certificate, for clients to trust. */
import type { FastifyPluginAsync } from 'fastify'
import { PATHS } from '../routes.js'

export const tlsCa: FastifyPluginAsync<{ ca: string }> = async (app, { ca }) => {
  app.get(PATHS.tls_ca, async (_request, reply) =>
    reply.type('application/x-pem-file').header('cache-control', 'no-store').send(ca),
  )
}
