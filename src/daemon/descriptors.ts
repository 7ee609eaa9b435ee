/** Names of the descriptors that systemd keeps for the service: /dev/fuse, and the memory of the connection. */
export const FUSE = 'fuse'
export const MEMORY = 'memory'
