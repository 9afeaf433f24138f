import { crashImage, openedStore, temporaryFolder } from "../../support/data-directory.ts"
import { storeConformance } from "../conformance.ts"

storeConformance("a data directory", async () => {
  const folder = temporaryFolder()
  const { store } = await openedStore(folder)
  return { store, reopen: async () => (await openedStore(crashImage(folder))).store }
})
