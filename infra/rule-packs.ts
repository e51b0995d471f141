import { type App, Validations } from 'aws-cdk-lib'
import type { Stage } from './stages.ts'

/**
 * Lets synthesis fail at a finding of cdk-nag that nobody has argued, in place, with `Validations.of(…).acknowledge`.
 * Loaded only where a stage asks for it: it takes a second, and `npm start` must do without development dependencies.
 */
export async function addRulePacks(app: App, { rulePacks }: Stage): Promise<void> {
  for (const name of rulePacks) {
    const packs = await import('cdk-nag')
    Validations.of(app).addPlugins(new packs[name](app))
  }
}
