/** What a page shows where no key is known: paste one, or open an account. */
import { ask, storeKey } from "./api.js"
import { copyButton, element, field, fill, onSubmit } from "./dom.js"

/** `done` is called once a key that works is stored. */
export const keyForms = (place, done) => {
  const key = element("input", {
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    placeholder: "sk_live_…",
  })
  const signIn = element(
    "form",
    { class: "panel" },
    element("h2", {}, "I have a key"),
    field("Key of your account", key, "Kept in this tab only, until you close it."),
    element("button", { type: "submit" }, "Show my account"),
  )
  onSubmit(signIn, async () => {
    const given = key.value.trim()
    await ask("GET", "account", { key: given })
    storeKey(given)
    done()
  })
  const name = element("input", { type: "text", required: true, maxlength: "100" })
  const signUp = element(
    "form",
    { class: "panel" },
    element("h2", {}, "I am new here"),
    field("What shall the account be called?", name),
    element("button", { type: "submit" }, "Open an account"),
  )
  onSubmit(signUp, async () => {
    const opened = await ask("POST", "accounts", { key: undefined, body: { name: name.value } })
    fill(place, newKey(opened.api_key, `Welcome, ${opened.name}`, done))
    place.querySelector("h2").focus()
  })
  fill(place, element("div", { class: "columns" }, signIn, signUp))
}

const newKey = (secret, title, done) =>
  element(
    "div",
    { class: "panel" },
    element("h2", { tabindex: "-1" }, title),
    element("p", {}, "This is your key. It is shown this once: keep it somewhere safe now."),
    secretBox(secret),
    element(
      "button",
      {
        type: "button",
        click: () => {
          storeKey(secret)
          done()
        },
      },
      "I have kept it; show my account",
    ),
  )

/** A secret that is shown once, with a way to copy it. */
export const secretBox = (secret) =>
  element(
    "p",
    { class: "secret" },
    element("code", { tabindex: "0" }, secret),
    copyButton(() => secret),
  )
