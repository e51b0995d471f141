// node run.mjs <5-2|8-3> <folder>: runs the PHP program on standard input, with the .php files of the folder under /bridge.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { loadPHPRuntime, PHP } from '@php-wasm/universal'

const [, , version, folder] = process.argv
const { getPHPLoaderModule } = await import(`@php-wasm/node-${version}`)
const php = new PHP(await loadPHPRuntime(await getPHPLoaderModule(), {}))
for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.php') || file.startsWith('test/')) continue
  php.mkdir(dirname(`/bridge/${file}`))
  php.writeFile(`/bridge/${file}`, readFileSync(join(folder, file)))
}
const code = await text(process.stdin)
// A parse error in eval() ends an old PHP with 255 although it went on: what it printed counts.
const { text: output, errors } = await php.run({ code }).catch((error) => {
  if (error.response === undefined) throw error
  return error.response
})
process.stdout.write(output)
process.stderr.write(errors)
