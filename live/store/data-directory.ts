/** The files of a data directory. */

/** Journal, postings, snapshots and the directory of names. */
export const databaseName = "market.sqlite"
/** How far the market has acknowledged. */
export const headName = "market.head"
/** Held by the process that runs the market. */
export const lockName = "lock.sqlite"
/** The keys that seal the tokens of cloud hosts, where they do not come from the environment. */
export const masterKeyFile = "master.keys"
