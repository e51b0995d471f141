import { Deployment } from './deployment.ts'

/** Once before all files: they deploy stages of their own into the one account. */
export default (): Promise<void> => new Deployment().bootstrap()
