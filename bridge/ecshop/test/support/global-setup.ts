import type { TestProject } from 'vitest/node'
import { MariaDb } from './mariadb.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    mariadbPort: number
  }
}

/** One MariaDB for all files; each shop in it has a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const mariadb = await MariaDb.start()
  project.provide('mariadbPort', mariadb.port)
  return () => mariadb.stop()
}
