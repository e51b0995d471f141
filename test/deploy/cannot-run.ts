/** A reason why the suite could not run; nothing is said about the product. */
export class CannotRun extends Error {}
