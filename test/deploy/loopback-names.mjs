// Loaded before the command line: the emulator's APIs have names under localhost, which no DNS holds.
import dns from 'node:dns'

const { lookup } = dns
dns.lookup = (name, ...rest) => lookup(name.endsWith('.localhost') ? 'localhost' : name, ...rest)
