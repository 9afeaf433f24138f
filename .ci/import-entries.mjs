/**
 * Reaches each entry of package.json's `exports` by its public name, as a user's program would:
 * modules are imported, and data files must be there. A pattern must stand for at least one file.
 */
import assert from "node:assert/strict"
import { accessSync, readdirSync, readFileSync } from "node:fs"

const { name, exports } = JSON.parse(readFileSync("package.json", "utf8"))

const namesOf = (entry, target) => {
  if (!entry.endsWith("/*")) return [name + entry.slice(1)]
  const files = readdirSync(target.slice(0, -1)).filter((file) => !file.endsWith(".ts"))
  assert.ok(files.length > 0, `${entry} stands for no file`)
  return files.map((file) => name + entry.slice(1, -1) + file)
}

for (const [entry, target] of Object.entries(exports)) {
  for (const specifier of namesOf(entry, target)) {
    const address = import.meta.resolve(specifier)
    accessSync(new URL(address))
    if (address.endsWith(".js")) {
      const names = Object.keys(await import(specifier))
      assert.ok(names.length > 0, `${specifier} exports nothing`)
    }
    console.log(specifier)
  }
}
