// One file, `secret`, on fuse-native, as its README teaches: node fuse-native.mjs MOUNTPOINT < VALUE
import { readFileSync } from 'node:fs'
import process from 'node:process'
import Fuse from 'fuse-native'

const [mountPoint] = process.argv.slice(2)
const value = readFileSync(0)
const attributes = {
  '/': { mode: 0o40755, nlink: 2, size: 0, uid: 0, gid: 0 },
  '/secret': { mode: 0o100444, nlink: 1, size: value.length, uid: 0, gid: 0 },
}

const operations = {
  getattr: (path, reply) => (path in attributes ? reply(0, attributes[path]) : reply(Fuse.ENOENT)),
  open: (path, flags, reply) => reply(0, 1),
  read: (path, handle, buffer, length, offset, reply) =>
    reply(value.subarray(offset, offset + length).copy(buffer)),
  release: (path, handle, reply) => reply(0),
}

// Names and attributes are cached for an hour, as with the other servers: what is measured is open and read.
const hour = 3600
const fuse = new Fuse(mountPoint, operations, {
  allowOther: true,
  defaultPermissions: true,
  entryTimeout: hour,
  attrTimeout: hour,
})

function stop() {
  fuse.unmount((error) => process.exit(error ? 1 : 0))
}

fuse.mount((error) => {
  if (error) throw error
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
})
