import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { chartSections } from "../../reports/charts/index.ts"
import { codeForScript, escapeHtml, jsonForScript } from "../../reports/escape.ts"
import { reportHtml } from "../../reports/run-page.ts"
import type { RunResult } from "../../sim/results/models/run-model.ts"
import { estimateOf, makeRunResult } from "../support/run-result.ts"

const libraries = {
  vega: `var vega = "</script><!-- "\r\n//# sourceMappingURL=vega.min.js.map\n`,
  vegaLite: "var vegaLite = {}",
  vegaEmbed: "var vegaEmbed = {}",
}

const pageOf = (result: RunResult): string => reportHtml(result, chartSections(result), libraries)

const evil = `"'><img src=x onerror=alert(1)></script><script>alert(2)</script>`

const hostile: RunResult = {
  ...makeRunResult({ days: 4, nodes: 40, models: [evil, "b"] }),
  title: evil,
  about: evil,
  scenario: evil,
  economy: evil,
  seed: evil,
  command: evil,
  version: evil,
  scenarioYaml: evil,
  digest: evil,
  metrics: {
    [evil]: estimateOf(evil, { n: 2, unit: evil, label: evil, meaning: evil, base: evil }),
  },
  checks: { [evil]: { ok: false, detail: evil } },
}

const usual = makeRunResult({ days: 4, nodes: 40 })

describe("the page", () => {
  it("is the same for the same run", () => {
    expect(pageOf(makeRunResult({ days: 3 }))).toBe(pageOf(makeRunResult({ days: 3 })))
  })

  it("shows names between backticks as code, and counts one day as one", () => {
    const page = pageOf({ ...usual, horizonSeconds: 86_400, about: "See `hours.fillRate`, <b>." })
    expect(page).toMatch(/<p>See <code>hours\.<wbr>fill<wbr>Rate<\/code>, &#60;b&#62;\.<\/p>/)
    expect(page).toContain("of 1 day,")
  })

  it("has one h1, a level for each heading, and labels that exist", () => {
    const page = pageOf(usual)
    const levels = [...page.matchAll(/<h([1-6])/g)].map((match) => Number(match[1]))
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    for (const [at, level] of levels.entries()) {
      expect(level - (levels[at - 1] ?? 0)).toBeLessThanOrEqual(1)
    }
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]))
    for (const [, target] of page.matchAll(/(?:aria-labelledby="|href="#)([^"]+)"/g)) {
      expect(ids).toContain(target)
    }
    expect(ids.size).toBe([...page.matchAll(/ id="/g)].length)
  })

  it("describes every chart in words, and gives every table header a scope", () => {
    const page = pageOf(usual)
    const places = [...page.matchAll(/<div class="chart"[^>]*>/g)].map(([tag]) => tag)
    expect(places).toHaveLength(17)
    for (const place of places) expect(place).toMatch(/role="img" aria-label="[^"]{40,}"/)
    for (const [header] of page.matchAll(/<th[ >][^>]*>?/g)) expect(header).toContain("scope=")
  })

  it("says what a reader must know first", () => {
    expect(pageOf(usual)).not.toContain('class="alarm" role="alert"')
    const broken = {
      ...usual,
      replicationsAsked: 9,
      checks: { ...usual.checks, flowBalance: { ok: false, detail: "3 requests lost" } },
    }
    const page = pageOf(broken)
    expect(page).toContain("1 check failed</strong> (flowBalance)")
    expect(page).toContain("5 of 9 replications were finished")
    expect(page).toContain(`<strong class="failed">fails</strong>`)
  })

  it("tells where the results come from", () => {
    const page = pageOf(usual)
    for (const text of [usual.seed, usual.digest, usual.version, usual.command, usual.scenario]) {
      expect(page).toContain(`${escapeHtml(text)}</code>`)
    }
    expect(page).toContain(escapeHtml(usual.scenarioYaml))
  })

  it("names charts that are left out, with the reason", () => {
    const page = pageOf({ ...usual, replications: [], metrics: {} })
    expect(page).not.toContain(`<div class="chart"`)
    expect(page).toContain("Requests: left out. The run recorded no values of the series")
  })
})

describe("a hostile scenario", () => {
  const page = pageOf(hostile)

  it("adds no element to the page", () => {
    const elementsOf = (html: string): ReadonlyArray<string> =>
      [...html.matchAll(/<([a-z][a-z0-9]*)[\s>]/g)].map((match) => match[1] ?? "")
    const harmless = pageOf({
      ...hostile,
      ...Object.fromEntries(
        [
          "title",
          "about",
          "scenario",
          "economy",
          "seed",
          "command",
          "version",
          "scenarioYaml",
          "digest",
        ].map((field) => [field, "plain"]),
      ),
      metrics: {
        plain: estimateOf("plain", { n: 2, unit: "u", label: "l", meaning: "m", base: "b" }),
      },
      checks: { plain: { ok: false, detail: "d" } },
    })
    const count = (html: string, element: string) =>
      elementsOf(html).filter((name) => name === element).length
    for (const element of ["script", "img", "svg", "figure", "table", "th", "td", "p"]) {
      expect([element, count(page, element)]).toEqual([element, count(harmless, element)])
    }
    expect(page).not.toContain("<img")
    expect(page).not.toContain("alert(2)</script>")
  })

  it("cannot end the data, which is still the data", () => {
    const data = /<script type="application\/json" id="report-data">(.*?)<\/script>/s.exec(
      page,
    )?.[1]
    const parsed = JSON.parse(data ?? "") as {
      charts: Record<string, { spec: { datasets: { lines: Array<{ key: string }> } } }>
    }
    const { lines } = parsed.charts["coverage"].spec.datasets
    expect(lines.map(({ key }) => key)).toContain(evil)
  })
})

describe("the content security policy", () => {
  it("allows the scripts of the page by their hashes, and nothing else", () => {
    const page = pageOf(usual)
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? ""
    expect(policy).toMatch(/^default-src 'none'; script-src /)
    expect(policy).not.toMatch(/https?:|unsafe-eval|script-src[^;]*unsafe-inline/)
    const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map((match) => match[1] ?? "")
    expect(scripts).toHaveLength(4)
    for (const code of scripts) {
      const hash = createHash("sha256").update(code).digest("base64")
      expect(policy).toContain(`'sha256-${hash}'`)
    }
  })

  it("has nothing to forbid: no address to load from is in the page", () => {
    const page = pageOf(usual).replaceAll(/<script.*?<\/script>/gs, "")
    expect(page).not.toMatch(/(?:src|href|action|srcset|data)="(?!#)|url\(|@import/)
  })
})

describe("escaping", () => {
  it("leaves no text that could be markup, and loses nothing", () => {
    const text = fc.string({
      unit: fc.constantFrom("<", ">", "&", '"', "'", "/", "a", "!", "-", "\u2028", "é"),
    })
    fc.assert(
      fc.property(text, (original) => {
        const escaped = escapeHtml(original)
        expect(escaped).not.toMatch(/[<>"']/)
        const back = escaped.replaceAll(/&#(\d+);/g, (_, code: string) =>
          String.fromCharCode(Number(code)),
        )
        expect(back).toBe(original)
        const json = jsonForScript({ original })
        expect(json).not.toMatch(/[<\u2028\u2029]/)
        expect(JSON.parse(json)).toEqual({ original })
      }),
    )
  })

  it("keeps code the same program while it cannot end its element", () => {
    const code = codeForScript(`var a = "</script>" + "<!--" + /<\\/script>/.source\r\n`)
    expect(code).not.toMatch(/<\/script|<!--|\r/)
    // oxlint-disable-next-line no-new-func
    expect(new Function(`${code}; return a`)()).toBe("</script><!--<\\/script>")
  })

  it("drops the address of a source map", () => {
    expect(codeForScript("x()\n//# sourceMappingURL=a.js.map\n")).not.toContain("sourceMapping")
  })
})
