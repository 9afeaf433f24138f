/** The page of a claims audit: complete, without scripts, and with nothing of the data as markup. */
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { allCharts } from "../../../reports/claims/claims-charts.ts"
import { claimsHtml } from "../../../reports/claims/claims-page.ts"
import { markup } from "../../../reports/markup.ts"
import { ClaimsReport } from "../../../sim/results/models/claims-model.ts"

const estimated = (mean: number, halfWidth = 0.1) => ({
  mean,
  low: mean - halfWidth,
  high: mean + halfWidth,
  n: 7,
})

const measure = (label: string, verdict: "holds" | "fails") => ({
  label,
  unit: "index",
  estimate: estimated(verdict === "holds" ? 1.2 : 0.5),
  bound: { atLeast: 1, atMost: null },
  verdict,
  horizonDays: 14,
  reproduce: [`npx evenkeel run audit --set name='${label}'`],
})

const way = (label: string, ratio: number) => ({
  label,
  verdict: ratio > 1 ? ("pays" as const) : ("does not pay" as const),
  horizonDays: 28,
  gain: estimated(100 * ratio - 100, 2),
  negligibleGain: 0.5,
  pHolm: ratio > 1 ? 0.001 : 1,
  ratio: ratio > 0.8 ? estimated(ratio, 0.02) : null,
  against: "stays honest",
  attackProfit: estimated(100 * ratio),
  honestProfit: estimated(100),
  trafficGain: estimated(ratio),
  reported: [
    {
      metric: "m",
      label: "Requests given up",
      unit: "share",
      honest: estimated(0.1),
      attack: estimated(0.3),
    },
  ],
  reproduce: ["npx evenkeel run audit"],
})

const report: ClaimsReport = {
  version: "1.2.3",
  seed: "<script>seed</script>",
  isFast: true,
  replications: 7,
  economies: ["pooled", "hardened"],
  command: "npx evenkeel claims --fast",
  wallSeconds: 120,
  claims: [
    {
      id: "shares",
      title: "Nodes share <b>traffic</b>",
      source: "002: so they say",
      economies: {
        pooled: {
          verdict: "depends",
          because: "",
          measures: [measure("idle", "holds"), measure("busy", "fails")],
        },
        hardened: {
          verdict: "holds",
          because: "",
          measures: [measure("idle", "holds"), measure("busy", "holds")],
        },
      },
    },
  ],
  attacks: [
    {
      id: "splitting",
      title: "Splitting",
      means: "Splits.",
      economies: {
        pooled: [way("idle", 3.6), way("busy", 1.5)],
        hardened: [way("idle", 0.7), way("busy", 0.9)],
      },
    },
  ],
  frontier: {
    points: [1.1, 1.5].map((multiplier) => ({
      supplyShare: 1,
      maxMultiplier: multiplier,
      paidMultiplier: estimated(multiplier),
      gain: estimated(0.88 * multiplier - 1, 0.01),
      reproduce: ["npx evenkeel run audit"],
    })),
    safe: [{ supplyShare: 1, highestSafe: 1.1, lowestPaying: 1.5, theory: 1.136 }],
  },
  failedChecks: [],
}

const pictures = new Map(
  allCharts(report).map(({ chart: { id, alternative, notes }, finding }) => [
    id,
    {
      wide: `<svg id="${id}"/>`,
      narrow: `<svg id="${id}-narrow"/>`,
      finding,
      notes,
      alternative,
    },
  ]),
)
const html = claimsHtml(report, pictures)

describe("the page of an audit", () => {
  it("is of a report that its schema knows", () => {
    expect(Schema.is(ClaimsReport)(report)).toBe(true)
  })

  it("forbids scripts and loads, and has none", () => {
    expect(html).toContain("default-src 'none'")
    expect(html).not.toMatch(/<script/i)
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)/)
  })

  it("takes nothing of the data for markup", () => {
    expect(html).toContain("&#60;script&#62;seed&#60;/script&#62;")
    expect(html).toContain("Nodes share &#60;b&#62;traffic&#60;/b&#62;")
  })

  it("shows every verdict, picture and command", () => {
    for (const [id, { finding }] of pictures) {
      expect(html).toContain(`<svg id="${id}"/>`)
      expect(html).toContain(`<svg id="${id}-narrow"/>`)
      expect(html).toContain(markup`${finding}`.text)
    }
    expect(html).toContain('<span class="depends">depends</span>')
    expect(html).toContain('<span class="fails">pays</span>')
    expect(html).toContain('<span class="holds">does not pay</span>')
    expect(html).toContain("npx evenkeel run audit --set name=&#39;idle&#39;")
    expect(html).toContain("A fast audit")
  })

  it("says over how many days an effect is, and a ratio only where there is one", () => {
    expect(html).toContain("28 days; against: stays honest")
    expect(html).toContain("index; 14 days")
    expect(html).toContain('<td class="number">3.6</td><td class="verdict">')
    expect(html).toContain('<td class="number">–</td><td class="verdict">')
    expect(html).toContain("after a correction for all 4 ways and economies")
  })

  it("links to the sections that it has", () => {
    for (const page of [html, claimsHtml({ ...report, claims: [] }, pictures)])
      for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${id}"`)
    expect(claimsHtml({ ...report, claims: [] }, pictures)).not.toContain("#promises")
  })

  it("warns before anything else where a simulation's own checks failed", () => {
    const broken = claimsHtml({ ...report, failedChecks: ["flowBalance in x"] }, pictures)
    expect(broken.indexOf("do not rely on what follows")).toBeGreaterThan(0)
    expect(broken.indexOf("do not rely on what follows")).toBeLessThan(broken.indexOf("<main>"))
    expect(html).not.toContain("do not rely on what follows")
  })
})

describe("the pictures of an audit", () => {
  it("say in their titles what to see", () => {
    const titles = Object.fromEntries(allCharts(report).map(({ chart }) => [chart.id, chart.title]))
    expect(titles["claim-shares-1"]).toBe(
      "Nodes share <b>traffic</b>: pooled does not in 1 of 2, hardened keeps it",
    )
    expect(titles["attack-splitting"]).toBe(
      "Splitting: at its best it makes, in credits a day, 260 (258 to 262) more than honestly under pooled, 10 (8 to 12) less than honestly under hardened",
    )
    expect(titles["frontier"]).toBe("Self-dealing does not pay up to × 1.10 for a sole supplier")
  })

  it("say the same in words", () => {
    for (const { chart } of allCharts(report)) expect(chart.alternative.length).toBeGreaterThan(20)
  })
})
