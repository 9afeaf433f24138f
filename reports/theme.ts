/**
 * How the charts look: one Vega-Lite config in three modes, no colour anywhere else.
 *
 * `light` and `dark` hold colours; `page` holds CSS variables of the same meaning, so that a chart
 * in the HTML report follows the reader's colour scheme, and prints in light, without being drawn
 * again.
 *
 * The six categorical colours keep, on their background, a contrast of 3:1 or more (WCAG 2.1,
 * 1.4.11), and stay apart for people with protanopia, deuteranopia and tritanopia: their smallest
 * distance in OKLab, after the simulation of Machado, Oliveira and Fernandes (IEEE TVCG 15, 2009),
 * is 10 of 100 in light and 18 in dark. A test measures both.
 */
import type { Config } from "vega-lite"

export interface Palette {
  readonly background: string
  /** What lies behind a chart, where the background itself lets it through. */
  readonly surface: string
  readonly ink: string
  readonly muted: string
  readonly grid: string
  /** Behind the part of a chart that is no result: the warm-up. */
  readonly shade: string
  readonly categories: ReadonlyArray<string>
}

export const lightPalette: Palette = {
  background: "#ffffff",
  surface: "#ffffff",
  ink: "#1b1f24",
  muted: "#57606a",
  grid: "#e3e6ea",
  shade: "#eef0f3",
  categories: ["#0191e8", "#dd7a14", "#005031", "#c20e76", "#2d017a", "#98660b"],
}

export const darkPalette: Palette = {
  background: "#14171c",
  surface: "#14171c",
  ink: "#e8eaed",
  muted: "#a3abb5",
  grid: "#2e343c",
  shade: "#20252c",
  categories: ["#6eabf2", "#ec9067", "#84fde6", "#a8547b", "#7750f3", "#f8e217"],
}

/** The CSS variables of the HTML report; page-style.ts gives them their values. */
const pagePalette: Palette = {
  background: "transparent",
  surface: "var(--surface)",
  ink: "var(--ink)",
  muted: "var(--muted)",
  grid: "var(--grid)",
  shade: "var(--shade)",
  categories: lightPalette.categories.map((_, at) => `var(--category-${at + 1})`),
}

export type ThemeMode = "light" | "dark" | "page"

const palettes: Readonly<Record<ThemeMode, Palette>> = {
  light: lightPalette,
  dark: darkPalette,
  page: pagePalette,
}

/** As many lines as a chart can hold and a reader can tell apart. */
export const categoryLimit = lightPalette.categories.length

/** Fonts of the reader's system: nothing is loaded, so nothing can fail to load. */
const pageFont = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

/** In files, fonts of one width (Arial's) come first, for which text-width.ts has the metrics. */
const fileFont = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"

export const themeConfig = (mode: ThemeMode): Config => {
  const { background, surface, ink, muted, grid, shade, categories } = palettes[mode]
  const [first = ink] = categories
  return {
    background,
    font: mode === "page" ? pageFont : fileFont,
    padding: mode === "page" ? { left: 2, right: 8, top: 4, bottom: 8 } : 14,
    autosize: { type: "fit-x", contains: "padding" },
    view: { stroke: null },
    range: { category: [...categories] },
    title: {
      color: ink,
      subtitleColor: muted,
      anchor: "start",
      frame: "bounds",
      fontSize: 15,
      fontWeight: 600,
      subtitleFontSize: 11,
      subtitlePadding: 6,
      offset: 14,
      lineHeight: 19,
      subtitleLineHeight: 15,
    },
    axis: {
      labelColor: muted,
      titleColor: muted,
      domainColor: grid,
      tickColor: grid,
      gridColor: grid,
      labelFontSize: 11,
      titleFontSize: 11,
      titleFontWeight: "normal",
      titlePadding: 8,
      labelOverlap: "greedy",
      labelSeparation: 6,
    },
    // One width for the labels of all charts, so that charts one below the other share their time.
    axisY: { minExtent: 42, domain: false, ticks: false, labelPadding: 6, tickCount: 5 },
    axisX: { grid: false, tickCount: 8 },
    legend: {
      orient: "top",
      direction: "horizontal",
      title: null,
      labelColor: ink,
      labelFontSize: 12,
      labelLimit: 260,
      symbolSize: 160,
      symbolStrokeWidth: 3,
      columnPadding: 16,
      rowPadding: 4,
      offset: 10,
      padding: 0,
    },
    mark: { color: first },
    line: { color: first, strokeWidth: 1.8, strokeJoin: "round" },
    area: { color: first },
    bar: { color: first },
    rule: { color: muted },
    text: { color: muted, fontSize: 11 },
    style: {
      shade: { color: shade, opacity: 1 },
      note: { color: muted, fontSize: 11, align: "left", baseline: "bottom" },
      name: { ...name, color: ink },
      nameDot: { filled: true, opacity: 1, size: 50, stroke: surface, strokeWidth: 1.5 },
      // Drawn under a note that lies on lines, so that it can be read.
      halo: halo(surface),
      haloOnShade: halo(shade),
      nameHalo: { ...halo(surface), ...name },
      reference: { color: ink, strokeDash: [5, 4], strokeWidth: 1.2 },
      cursor: { color: muted, strokeWidth: 1 },
    },
  }
}

const name = { fontSize: 12, fontWeight: 600, align: "center", baseline: "middle" } as const

const halo = (colour: string) =>
  ({
    color: colour,
    stroke: colour,
    strokeWidth: 4,
    strokeJoin: "round",
    fontSize: 11,
    align: "left",
    baseline: "bottom",
  }) as const
