/**
 * Elements from data. Whatever comes from elsewhere becomes text, never markup: there is no way here
 * to write HTML.
 */

/**
 * What may stand in an element: nodes, text, lists of such; nothing where a condition did not hold.
 *
 * @typedef {Node | string | number | false | null | undefined} Leaf
 * @typedef {Leaf | ReadonlyArray<Leaf | ReadonlyArray<Leaf>>} Child
 * @typedef {string | number | boolean | undefined | ((event: any) => void)} Attribute
 */

/**
 * `element("p", { class: "note" }, "text", child)`; a property that is a function is a listener.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, Attribute>} attributes
 * @param {...Child} children
 */
export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (typeof value === "function") made.addEventListener(key, value)
    else made.setAttribute(key, value === true ? "" : String(value))
  }
  append(made, children)
  return made
}

/** @param {Element} parent @param {ReadonlyArray<Child>} children */
const append = (parent, children) => {
  for (const child of children.flat(Infinity))
    if (child !== undefined && child !== null && child !== false)
      parent.append(/** @type {Node | string} */ (child))
}

/**
 * The same for SVG.
 *
 * @param {keyof SVGElementTagNameMap} name
 * @param {Record<string, string | number>} attributes
 * @param {...Child} children
 */
export const drawing = (name, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  append(made, children)
  return made
}

/** An element that the page has. @param {string} id @returns {HTMLElement} */
export const byId = (id) => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`The page has no element #${id}.`)
  return found
}

/** @param {Element} parent @param {...Child} children */
export const fill = (parent, ...children) => {
  parent.replaceChildren()
  append(parent, children)
}

/**
 * A table that turns into a list of cards where there is no room.
 *
 * @template Row
 * @param {string} caption
 * @param {ReadonlyArray<{ title: string, align?: string, cell: (row: Row) => Child }>} columns
 * @param {ReadonlyArray<Row>} rows
 * @param {string} empty
 * @param {string} [look] A class of its own for the list of cards.
 */
export const table = (caption, columns, rows, empty, look = "") => {
  if (rows.length === 0) return element("p", { class: "panel empty" }, empty)
  const head = element(
    "tr",
    {},
    columns.map(({ title, align }) => element("th", { scope: "col", class: align }, title)),
  )
  const body = rows.map((row) =>
    element(
      "tr",
      {},
      columns.map(({ title, cell, align }, index) =>
        element(
          index === 0 ? "th" : "td",
          { "data-title": title, class: align, scope: index === 0 ? "row" : undefined },
          element("div", {}, cell(row)),
        ),
      ),
    ),
  )
  return element(
    "div",
    { class: `panel scroll ${look}`, role: "region", "aria-label": caption, tabindex: "0" },
    element(
      "table",
      {},
      element("caption", { class: "unseen" }, caption),
      element("thead", {}, head),
      element("tbody", {}, body),
    ),
  )
}

/**
 * A labelled field. Gives the label's element; `input` is the field itself.
 *
 * @param {string} title
 * @param {HTMLElement} input
 * @param {string} [hint]
 */
export const field = (title, input, hint) => {
  const id = `field-${++fields}`
  input.id = id
  if (hint !== undefined) input.setAttribute("aria-describedby", `${id}-hint`)
  return element(
    "p",
    { class: "field" },
    element("label", { for: id }, title),
    input,
    hint === undefined ? undefined : element("small", { id: `${id}-hint` }, hint),
  )
}
let fields = 0

/** Says something to whoever cannot see it. @param {string} text */
export const announce = (text) => {
  byId("announcer").textContent = text
}

/** A button that copies what `read` gives. @param {() => string} read */
export const copyButton = (read, title = "Copy") => {
  const button = element("button", { type: "button", class: "quiet" }, title)
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(read())
      button.textContent = "Copied"
      announce("Copied")
    } catch {
      button.textContent = "Select and copy it"
    }
    setTimeout(() => (button.textContent = title), 2000)
  })
  return button
}

/**
 * Runs `work` for a form's submission; shows its error beside the form.
 *
 * @param {HTMLFormElement} form
 * @param {() => Promise<void>} work
 */
export const onSubmit = (form, work) => {
  const problem = element("p", { class: "problem", role: "alert" })
  form.append(problem)
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    problem.textContent = ""
    const buttons = [...form.querySelectorAll("button")]
    for (const button of buttons) button.disabled = true
    try {
      await work()
    } catch (error) {
      problem.textContent = error.message
    } finally {
      for (const button of buttons) button.disabled = false
    }
  })
  return form
}
