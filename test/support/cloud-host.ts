// A cloud in a process of its own, for tests that kill it: node cloud-host.ts <assembly> <dataDir>
import { startCloud } from '../../local/cloud/cloud.ts'

const [assembly = '', dataDir = ''] = process.argv.slice(2)
const cloud = await startCloud({ assembly, dataDir })
console.log(JSON.stringify({ apiUrl: cloud.apiUrl, endpoints: cloud.endpoints, outputs: cloud.outputs }))
