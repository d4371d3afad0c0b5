/* Starts the parts of Wagtail's pages that Wagtail starts with inline scripts, which our policy blocks.

   An element starts as soon as it enters the page, like an inline script, because Wagtail's own scripts ask
   for a chooser right after they add it. */
"use strict";

const PARTS = {
  initDateChooser: (id, options) => window.initDateChooser(id, options),
  initTimeChooser: (id, options) => window.initTimeChooser(id, options),
  initDateTimeChooser: (id, options) => window.initDateTimeChooser(id, options),
  InlinePanel: (id, options) => new window.InlinePanel(options),
  MultipleChooserPanel: (id, options) => new window.MultipleChooserPanel(options),
};

class StartPart extends HTMLElement {
  connectedCallback() {
    if (this.isStarted) return; // it was only moved
    this.isStarted = true;
    const { part, id = "", options } = this.dataset;
    if (part in PARTS) PARTS[part](id, JSON.parse(options));
    else if (/^\w*Chooser$/.test(part)) new window[part](id, JSON.parse(options));
  }
}

customElements.define("start-part", StartPart);

/* Name each rich text box and each tag box after its label. Wagtail's label belongs to a hidden field that the
   box fills. */

const UNNAMED = ":is(.public-DraftEditor-content, .tagit-new input):not([aria-labelledby])";
let named = 0;

function nameBoxes() {
  for (const box of document.querySelectorAll(UNNAMED)) {
    const label =
      box.closest("[data-field-wrapper]")?.querySelector("label") ||
      box.closest("[data-panel]")?.querySelector("[data-panel-heading]");
    if (!label) continue;
    label.id ||= `label-of-box-${(named += 1)}`;
    box.setAttribute("aria-labelledby", label.id);
  }
}

new MutationObserver(nameBoxes).observe(document.documentElement, { childList: true, subtree: true });

/* Name a dialog after its heading, and make the page behind it inert until it closes. */
window.jQuery(document).on("shown.bs.modal hide.bs.modal", "body > .modal", ({ type, currentTarget }) => {
  const isOpen = type === "shown";
  const heading = currentTarget.querySelector("h1");
  if (heading) {
    heading.id ||= "name-of-dialog";
    currentTarget.setAttribute("aria-labelledby", heading.id);
  }
  for (const part of document.querySelectorAll("body > .wrapper, body > .skiplink")) part.inert = isOpen;
});

/* The editor copies typed text into its hidden field a quarter of a second later, on a busy machine after more. Hold
   a faster save until it did, or the last words would be lost. */

const IS_WRITTEN_AFTER = 400; // ms
const HELD_AT_MOST = 5000; // ms
let lastKey = -Infinity;

document.addEventListener(
  "keydown",
  (event) => {
    if (event.target.closest?.(".DraftEditor-root")) lastKey = event.timeStamp;
  },
  true,
);

function lacksWords(field) {
  if (!field.draftailEditor) return false;
  const written = JSON.parse(field.value || "null")?.blocks.map((block) => block.text) ?? [];
  const typed = field.draftailEditor.getEditorState().getCurrentContent().getPlainText();
  return written.join("\n").trim() !== typed.trim();
}

document.addEventListener(
  "submit",
  (event) => {
    const { target: form, submitter } = event;
    const sinceKey = event.timeStamp - lastKey;
    if (!form.matches("[data-edit-form]") || sinceKey > HELD_AT_MOST) return;
    if (sinceKey > IS_WRITTEN_AFTER && ![...form.elements].some(lacksWords)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (submitter?.name) {
      // Wagtail disables the button that was pressed, and a disabled button is not sent.
      const pressed = Object.assign(document.createElement("input"), { type: "hidden" });
      Object.assign(pressed, { name: submitter.name, value: submitter.value });
      form.append(pressed);
    }
    setTimeout(() => form.requestSubmit(), Math.max(IS_WRITTEN_AFTER - sinceKey, 50));
  },
  true,
);
