/**
 * Files that are written from the settings are as the settings are now. To write them again:
 *
 *   npx vitest run test/docs --update
 */
import { format } from "prettier"
import { describe, expect, it } from "vitest"
import { settingsIn } from "../../engine/index.ts"
import { Economy } from "../../engine/index.ts"
import { LiveConfig } from "../../live/config/config.ts"
import { Scenario } from "../../sim/scenarios/schema.ts"
import { metricsPage } from "./metrics.ts"
import { baseScenario, settingsPage } from "./settings.ts"

const formatted = (text: string, parser: string) => format(text, { parser, printWidth: 100 })

describe("what is written from the settings", () => {
  it("is docs/settings.md", async () => {
    const page = await formatted(settingsPage(), "markdown")
    await expect(page).toMatchFileSnapshot("../../docs/settings.md")
  })

  it("is docs/metrics.md", async () => {
    const page = await formatted(metricsPage(), "markdown")
    await expect(page).toMatchFileSnapshot("../../docs/metrics.md")
  })

  it("is sim/scenarios/base.yaml", async () => {
    const scenario = await formatted(baseScenario(), "yaml")
    await expect(scenario).toMatchFileSnapshot("../../sim/scenarios/base.yaml")
  })
})

describe("every setting", () => {
  it.each([
    ["an economy", Economy],
    ["a scenario", Scenario],
    ["a gateway", LiveConfig],
  ] as const)("of %s has a meaning", (_, schema) => {
    const rows = settingsIn(schema)
    expect(rows.length).toBeGreaterThan(40)
    for (const { path, meaning } of rows) expect(meaning, path).toMatch(/\w/)
  })
})
