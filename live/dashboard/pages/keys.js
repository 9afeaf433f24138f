/** The keys of one's account: made, limited, replaced, ended. */
import { ask } from "./api.js"
import { element, field, fill, onSubmit, table } from "./dom.js"
import { credits, moment } from "./format.js"
import { secretBox } from "./sign-in.js"

const day = 86_400
const lifetimes = [
  ["never", ""],
  ["in a day", day],
  ["in 30 days", 30 * day],
  ["in 90 days", 90 * day],
  ["in a year", 365 * day],
]

const nameInput = (value = "") =>
  element("input", { type: "text", maxlength: "100", required: true, value })
const limitInput = (value = "") =>
  element("input", {
    type: "text",
    inputmode: "decimal",
    pattern: "\\d+(\\.\\d+)?",
    title: "A number of credits, such as 12.50, or nothing",
    placeholder: "no limit",
    value,
  })
const lifetimeSelect = (...first) =>
  element(
    "select",
    {},
    [...first, ...lifetimes].map(([title, seconds]) =>
      element("option", { value: String(seconds) }, title),
    ),
  )

const limitHint =
  "Credits that its calls may cost. Such a key calls models, and changes nothing of the account."

/** @param {HTMLElement} place @param {{ key_id: string }} session */
export const showKeys = async (place, session) => {
  const list = element("div")
  const fresh = element("div")
  const show = (...children) => fill(fresh, element("div", { class: "panel" }, ...children))
  const showSecret = (made, title) =>
    show(
      element("h3", {}, title),
      element("p", {}, "Shown this once: keep it somewhere safe now."),
      secretBox(made.api_key),
    )
  const act = async (work) => {
    fill(fresh)
    try {
      await work()
      await refresh()
    } catch (error) {
      fill(fresh, element("p", { class: "problem", role: "alert" }, error.message))
    }
  }
  const rotate = (key) =>
    act(async () => {
      const made = await ask("POST", `account/keys/${key.id}/rotate`, {})
      showSecret(made, `The key in the place of “${key.name}”; the old one ends in an hour`)
    })
  const revoke = (key) =>
    act(async () => {
      const isOwn = key.id === session.key_id
      const warning = isOwn ? " You signed in with it: that ends, too." : ""
      if (!confirm(`End the key “${key.name}” now? Whoever uses it is locked out.${warning}`))
        return
      await ask("DELETE", `account/keys/${key.id}`)
    })
  const change = (key) => {
    const name = nameInput(key.name)
    const limit = limitInput(key.spend_limit ?? "")
    const lifetime = lifetimeSelect(["as it is", "kept"])
    const form = element(
      "form",
      {},
      element("h3", {}, `Change “${key.name}”`),
      field("Name", name),
      field("Spending limit", limit, `${limitHint} A limit that is changed counts from now on.`),
      field("It ends", lifetime),
      element("button", { type: "submit" }, "Save"),
    )
    onSubmit(form, async () => {
      const wanted = limit.value.trim()
      await ask("POST", `account/keys/${key.id}`, {
        name: name.value,
        ...(wanted === (key.spend_limit ?? "")
          ? {}
          : { spend_limit: wanted === "" ? null : wanted }),
        ...(lifetime.value === "kept"
          ? {}
          : { expires_in_seconds: lifetime.value === "" ? null : Number(lifetime.value) }),
      })
      fill(fresh)
      await refresh()
    })
    show(form)
    name.focus()
  }
  const action = (title, key, work) =>
    element(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": `${title} ${key.name}`,
        click: () => void work(key),
      },
      title,
    )
  const refresh = async () => {
    const { data } = await ask("GET", "account/keys")
    fill(
      list,
      table(
        "Keys",
        [
          {
            title: "Key",
            cell: (key) => [
              key.name,
              element("small", {}, element("code", {}, `${key.prefix}…${key.last_four ?? ""}`)),
            ],
          },
          {
            title: "Last used",
            cell: (key) => [
              key.last_used_at === null ? "never" : moment(key.last_used_at),
              element("small", {}, `made ${moment(key.created_at)}`),
            ],
          },
          {
            title: "Spending limit",
            align: "number",
            cell: (key) =>
              key.spend_limit === null
                ? "none"
                : [credits(key.spend_limit), element("small", {}, `${credits(key.spent)} spent`)],
          },
          {
            title: "State",
            cell: (key) => [
              element(
                "span",
                { class: `chip ${key.state === "valid" ? "good" : "bad"}` },
                key.state,
              ),
              key.expires_at === null || key.state !== "valid"
                ? undefined
                : element("small", {}, `until ${moment(key.expires_at)}`),
            ],
          },
          {
            title: "Actions",
            cell: (key) =>
              key.state === "valid"
                ? [
                    action("Change", key, change),
                    action("Rotate", key, rotate),
                    action("Revoke", key, revoke),
                  ]
                : "–",
          },
        ],
        data,
        "No keys.",
      ),
    )
  }
  const name = nameInput()
  const limit = limitInput()
  const lifetime = lifetimeSelect()
  const form = element(
    "form",
    { class: "inline" },
    field("What is the new key for?", name),
    field("Spending limit", limit, limitHint),
    field("It ends", lifetime),
    element("button", { type: "submit" }, "Make a key"),
  )
  onSubmit(form, async () => {
    const made = await ask("POST", "account/keys", {
      name: name.value,
      ...(limit.value.trim() === "" ? {} : { spend_limit: limit.value.trim() }),
      ...(lifetime.value === "" ? {} : { expires_in_seconds: Number(lifetime.value) }),
    })
    name.value = ""
    limit.value = ""
    showSecret(made, `The new key “${made.name}”`)
    await refresh()
  })
  fill(place, element("h2", {}, "Keys"), element("div", { class: "panel" }, form), fresh, list)
  await refresh().catch((error) =>
    fill(list, element("p", { class: "problem", role: "alert" }, error.message)),
  )
}
