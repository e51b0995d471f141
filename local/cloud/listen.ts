import { once } from 'node:events'
import type { Server } from 'node:http'
import { CloudError } from './cloud-error.ts'

/**
 * Opens a server on the loopback interface and answers its base URL, without a slash at the end. Port 0 takes any.
 * @throws {CloudError} port-in-use
 */
export async function listen(server: Server, port = 0): Promise<string> {
  // A client that reuses a connection just as the server drops it would see an error AWS never shows.
  server.keepAliveTimeout = 0
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new CloudError('port-in-use', `Port ${port} on 127.0.0.1 is in use by another program.`, { port })
    }
    throw error
  }
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return `http://127.0.0.1:${address.port}`
}

export async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  server.closeAllConnections()
  await closed
}
