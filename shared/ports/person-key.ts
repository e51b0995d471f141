/** A keyed hash of what identifies a person: stable for this installation, worthless to anybody without its key. */
export type PersonHash = (of: 'phone' | 'email' | 'user', value: string) => string
