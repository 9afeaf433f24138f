import { storeConformance } from "../conformance.ts"
import { makeMemoryStore } from "./memory-store.ts"

storeConformance("memory", async () => {
  const store = makeMemoryStore()
  // Memory outlives nothing but itself: whoever comes next is given the same.
  return { store, reopen: async () => store }
})
