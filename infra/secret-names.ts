/** Names of the secrets of a stage; operators put their values, the stack never does, but for the person key. */
export const secretNames = (stage: string) => {
  const prefix = `/ecshop-erp-sync/${stage}`
  return {
    prefix,
    shop: (shop: string) => `${prefix}/shop/${shop}/webhook`,
    bridge: (shop: string) => `${prefix}/shop/${shop}/bridge`,
    target: (target: string) => `${prefix}/target/${target}/erp`,
    personKey: `${prefix}/person-key`,
  }
}
