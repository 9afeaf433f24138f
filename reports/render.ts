/**
 * Charts as files: a spec to SVG by Vega without a browser, and SVG to PNG by resvg.
 */
import { createRequire } from "node:module"
import { Resvg, renderAsync } from "@resvg/resvg-js"
import type { ResvgRenderOptions } from "@resvg/resvg-js"
import { Data, Effect } from "effect"
import { compile } from "vega-lite"
import type { TopLevelSpec } from "vega-lite"
import { logger, parse, resetSVGDefIds, View, Warn } from "vega"
import { pointerLayer } from "./chart.ts"
import type { Chart } from "./chart.ts"
import { measureTextByTable, textWidth, wrapText } from "./text-width.ts"
import type { ThemeMode } from "./theme.ts"
import { themeConfig } from "./theme.ts"

export class RenderError extends Data.TaggedError("RenderError")<{
  readonly chart: string
  readonly message: string
}> {}

/** No letter can be drawn, so no PNG is: a chart without its words misleads. */
export class NoFontError extends Data.TaggedError("NoFontError")<{
  readonly message: string
}> {}

export interface SvgOptions {
  /** `page`: in the colours of the page that it is put into. */
  readonly mode: ThemeMode
  /** Pixels, all included. */
  readonly width: number
}

const fileWidth = 800

const padding = 14

const titleSize = 15
/** Bold letters are wider than those of the table of widths, in the font that comes with Evenkeel by so much. */
const boldWidth = 1.18

/**
 * A chart with its title, drawn. The same chart gives the same bytes, whatever was drawn before.
 * Cost: some 50 to 200 ms, on the calling thread.
 */
export const renderSvg = (
  chart: Chart,
  options: SvgOptions = { mode: "light", width: fileWidth },
): Effect.Effect<string, RenderError> =>
  oneAtATime(
    Effect.gen(function* () {
      yield* Effect.sync(() => {
        measureTextByTable()
        resetSVGDefIds()
      })
      const view = yield* Effect.acquireRelease(
        Effect.try({
          try: () =>
            new View(parse(compileStill(chart, options)), { renderer: "none", logger: quiet }),
          catch: (cause) => renderError(chart, cause),
        }),
        (opened) => Effect.sync(() => opened.finalize()),
      )
      return yield* Effect.tryPromise({
        try: () => view.toSVG(),
        catch: (cause) => renderError(chart, cause),
      })
    }).pipe(Effect.scoped),
  )

// Vega numbers clip paths from one counter for all drawings, which is reset for each: two drawings
// at once would share numbers. Nothing is lost, since one thread draws.
const oneAtATime = Effect.unsafeMakeSemaphore(1).withPermits(1)

const quiet = logger(Warn, "error", () => {})

/** The Vega spec of a chart that stands still: of fixed width, titled, with its notes, and with no pointer to answer. */
const compileStill = (chart: Chart, { mode, width }: SvgOptions) => {
  const inner = width - 2 * padding
  const config = themeConfig(mode)
  const spec = {
    ...withoutPointer(chart.spec),
    width: inner,
    autosize: { type: "fit-x", contains: "content" },
    // What a page says beside it takes no room in it.
    title:
      chart.title === ""
        ? null
        : {
            text: [...wrapText(chart.title, titleSize * boldWidth, inner)],
            subtitle: [...wrapText(chart.notes.join(" "), 11, inner)],
          },
  } as TopLevelSpec
  const columns = legendColumns(chart.legend, inner)
  return compile(spec, {
    config: { ...config, legend: { ...config.legend, columns } },
    logger: quiet,
  }).spec
}

/** As many columns as fit `width`, each as wide as the longest label with its symbol. */
const legendColumns = (labels: ReadonlyArray<string>, width: number): number => {
  const widest = Math.max(0, ...labels.map((label) => Math.min(260, textWidth(label, 12))))
  return Math.max(1, Math.min(labels.length, Math.floor((width - 60) / (widest + 36))))
}

const withoutPointer = (spec: TopLevelSpec): TopLevelSpec =>
  "layer" in spec
    ? { ...spec, layer: spec.layer.filter((layer) => layer.name !== pointerLayer) }
    : spec

const renderError = (chart: Chart, cause: unknown): RenderError =>
  new RenderError({
    chart: chart.id,
    message: `The chart "${chart.id}" cannot be drawn: ${String(cause)}`,
  })

export interface PngOptions {
  /** Pixels of the PNG for one of the SVG. */
  readonly zoom: number
  /** Files of fonts (TTF, OTF) besides those of the system. */
  readonly fontFiles: ReadonlyArray<string>
  /** Whether the system's fonts are looked up. */
  readonly systemFonts: boolean
}

export const defaultPngOptions: PngOptions = { zoom: 2, fontFiles: [], systemFonts: true }

const packageRequire = createRequire(import.meta.url)

/** A font that comes with Evenkeel, for machines that have none of their own. */
const ownFont = {
  family: "DejaVu Sans Condensed",
  files: ["DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf"].map((name) =>
    packageRequire.resolve(`dejavu-fonts-ttf/ttf/${name}`),
  ),
}

/** The options with a font that is sure to be there, where `options` alone would find none. */
export const withFont = (options: PngOptions): Effect.Effect<PngOptions> =>
  requireFont(options).pipe(
    Effect.as(options),
    Effect.orElseSucceed(() => ({
      ...options,
      fontFiles: [...options.fontFiles, ...ownFont.files],
    })),
  )

/** An SVG as PNG, drawn on another thread. Check {@link requireFont} first: words need a font. */
export const renderPng = (
  chart: Chart,
  svg: string,
  options: PngOptions = defaultPngOptions,
): Effect.Effect<Uint8Array, RenderError> =>
  Effect.tryPromise({
    try: async (signal) => {
      const image = await renderAsync(svg, resvgOptions(options), signal)
      return new Uint8Array(image.asPng())
    },
    catch: (cause) => renderError(chart, cause),
  })

/**
 * Fails where resvg finds no font to draw letters with, which it does not say itself: it leaves the
 * text out.
 */
export const requireFont = (
  options: PngOptions = defaultPngOptions,
): Effect.Effect<void, NoFontError> =>
  Effect.suspend(() => {
    const probe =
      `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">` +
      `<text x="2" y="15" font-size="14" font-family="sans-serif">Ag5</text></svg>`
    const drawn = new Resvg(probe, resvgOptions({ ...options, zoom: 1 })).render().pixels
    return drawn.some((byte) => byte !== 0)
      ? Effect.void
      : new NoFontError({
          message:
            "No font was found on this machine, so charts cannot be written as PNG (their words " +
            "would be missing). Install any TrueType font (Debian: apt install fonts-dejavu-core), " +
            "or name a font file. SVG and HTML need none.",
        })
  })

const resvgOptions = ({ zoom, fontFiles, systemFonts }: PngOptions): ResvgRenderOptions => ({
  fitTo: { mode: "zoom", value: zoom },
  font: {
    loadSystemFonts: systemFonts,
    fontFiles: [...fontFiles],
    ...(fontFiles.some((file) => ownFont.files.includes(file))
      ? { defaultFontFamily: ownFont.family, sansSerifFamily: ownFont.family }
      : {}),
  },
})
