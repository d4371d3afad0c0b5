/* Reduce text pasted from Word, Google Docs, or a web page to what the editor supports.

   This reads the HTML of the clipboard and passes it on in the editor's own format. So bold, headings, lists,
   links, and super- and subscripts keep their meaning. Struck-out text is removed. A line below the editor names
   what was left out. */
"use strict";

(() => {
  const words = document.currentScript.dataset;
  const OWN_NOTATION = "data-draftjs-conductor-fragment";
  const ours = new WeakSet();

  const SKIPPED = /^(style|script|head|title|meta|link|xml|noscript|template|object|iframe|svg|math|select|button)$/;
  const BLOCKS =
    /^(p|div|li|ul|ol|dl|dt|dd|h[1-6]|table|thead|tbody|tfoot|tr|blockquote|pre|section|article|header|footer|main|figure|figcaption|hr|address)$/;
  const HEADING = "header-three";
  const PARAGRAPH = "unstyled";
  const SAFE_LINK = /^(https?:\/\/|mailto:|tel:|sms:)/i;
  const SUPERSCRIPTS = {
    0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹", "+": "⁺", "-": "⁻", "−": "⁻", n: "ⁿ",
  };
  const SUBSCRIPTS = {
    0: "₀", 1: "₁", 2: "₂", 3: "₃", 4: "₄", 5: "₅", 6: "₆", 7: "₇", 8: "₈", 9: "₉", "+": "₊", "-": "₋", "−": "₋",
  };

  /* Parse the clipboard's HTML. Rename styles first. Otherwise the browser would try to apply them, and our
     Content-Security-Policy would log an error. */
  const treeOf = (html) =>
    new DOMParser().parseFromString(
      html.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/gi, " data-style=").replace(/\son\w+\s*=/gi, " data-x=")),
      "text/html",
    ).body;

  const styleOf = (element) => {
    const style = {};
    for (const part of (element.dataset.style || "").split(";")) {
      const [name, ...value] = part.split(":");
      style[name.trim().toLowerCase()] = value.join(":").trim().toLowerCase();
    }
    return style;
  };

  const isGone = (name, style) =>
    /^(s|strike|del)$/.test(name) ||
    /line-through/.test(`${style["text-decoration"]} ${style["text-decoration-line"]}`) ||
    style.display === "none" ||
    style["mso-hide"] === "all" ||
    style["mso-list"] === "ignore";

  /* Return the address of a link without Google Docs' click tracking, or "" if the link can't be kept. */
  const addressOf = (element) => {
    const given = (element.getAttribute("href") || "").trim();
    try {
      const url = new URL(given);
      if (/(^|\.)google\.com$/.test(url.hostname) && url.pathname === "/url") {
        return addressOf({ getAttribute: () => url.searchParams.get("q") || url.searchParams.get("url") });
      }
    } catch {
      return "";
    }
    return SAFE_LINK.test(given) ? given : "";
  };

  class Reader {
    constructor() {
      this.blocks = [];
      this.entities = {};
      this.lost = { pictures: 0, tables: 0 };
      this.current = null;
    }

    /* Begin a block. Empty blocks are dropped. */
    start(type, depth = 0) {
      this.end();
      this.current = { type, depth, text: "", inlineStyleRanges: [], entityRanges: [] };
    }

    end() {
      const block = this.current;
      this.current = null;
      if (!block || !block.text.trim()) return;
      block.text = block.text.trimEnd(); // the editor removes anything after it
      block.key = Math.random().toString(36).slice(2, 7).padEnd(5, "0");
      for (const ranges of ["inlineStyleRanges", "entityRanges"]) {
        block[ranges] = block[ranges]
          .map((range) => ({ ...range, length: Math.min(range.length, block.text.length - range.offset) }))
          .filter((range) => range.length > 0);
      }
      this.blocks.push(block);
    }

    add(text, context) {
      let piece = text.replace(/[\s\u00a0]+/g, " ");
      if (!this.current) {
        if (!piece.trim()) return;
        this.start(PARAGRAPH);
      }
      const block = this.current;
      if (!block.text || block.text.endsWith(" ")) piece = piece.trimStart();
      if (!piece) return;
      const range = { offset: block.text.length, length: piece.length };
      for (const style of context.styles) {
        if (style === "BOLD" && block.type === HEADING) continue; // a heading is bold by itself
        block.inlineStyleRanges.push({ ...range, style });
      }
      if (context.entity !== null) block.entityRanges.push({ ...range, key: context.entity });
      block.text += piece;
    }

    readAll(element, context) {
      for (const child of element.childNodes) this.read(child, context);
    }

    read(node, context) {
      if (node.nodeType === Node.TEXT_NODE) return this.add(node.data, context);
      if (node.nodeType !== Node.ELEMENT_NODE) return undefined;
      const name = node.localName;
      const style = styleOf(node);
      if (SKIPPED.test(name) || isGone(name, style)) return undefined;
      if (name === "img" || name === "v:imagedata") return void (this.lost.pictures += 1);
      if (name === "br") return void this.breakLine();
      const inside = this.inline(node, name, style, context);
      if (name === "table") return this.readTable(node, inside);
      if (name === "ul" || name === "ol") {
        const list = { ...inside, list: `${name === "ul" ? "un" : ""}ordered-list-item`, depth: context.list ? context.depth + 1 : 0 };
        this.readAll(node, list);
        return this.end();
      }
      if (!BLOCKS.test(name)) return this.readAll(node, inside);
      this.startBlock(node, name, style, inside);
      const holdsListItem = name === "li" ? { ...inside, isItem: true } : inside;
      this.readAll(node, holdsListItem);
      return this.end();
    }

    startBlock(node, name, style, context) {
      if (name === "li") return this.start(context.list || "unordered-list-item", context.depth);
      if (/^h[1-6]$/.test(name)) return this.start(HEADING);
      const level = /level(\d)/.exec(style["mso-list"] || "");
      if (level || /MsoListParagraph/.test(node.className)) {
        const marker = [...node.querySelectorAll("[data-style]")].find((part) => styleOf(part)["mso-list"] === "ignore");
        const isOrdered = marker && /^\(?[0-9a-z]{1,5}[.)]/i.test(marker.textContent.trim());
        if (marker) return this.start(isOrdered ? "ordered-list-item" : "unordered-list-item", level ? level[1] - 1 : 0);
      }
      if (context.isItem && this.current && !this.current.text) return undefined; // the paragraph of a list item
      return this.start(context.isItem ? context.list : PARAGRAPH, context.isItem ? context.depth : 0);
    }

    /* A line break becomes a new paragraph, or a space in a list or a heading. */
    breakLine() {
      if (!this.current) return;
      if (this.current.type === PARAGRAPH) this.start(PARAGRAPH);
      else this.add(" ", { styles: new Set(), entity: null });
    }

    /* The editor has no tables, so each row becomes a paragraph, with a message. A table with one cell is not a table,
       because some programs wrap everything in one. */
    readTable(table, context) {
      const cells = table.querySelectorAll("td, th");
      if (cells.length < 2) {
        for (const cell of cells) this.readAll(cell, context);
        return this.end();
      }
      this.lost.tables += 1;
      for (const row of table.querySelectorAll("tr")) {
        this.start(PARAGRAPH);
        [...row.children].forEach((cell, number) => {
          if (number) this.add(" | ", { styles: new Set(), entity: null });
          this.readCell(cell, context);
        });
        this.end();
      }
      return undefined;
    }

    /* Add the content of a cell to the paragraph of its row. */
    readCell(node, context) {
      for (const child of node.childNodes) {
        if (child.nodeType === Node.TEXT_NODE) this.add(child.data, context);
        if (child.nodeType !== Node.ELEMENT_NODE) continue;
        const name = child.localName;
        const style = styleOf(child);
        if (SKIPPED.test(name) || isGone(name, style)) continue;
        if (name === "img") this.lost.pictures += 1;
        if (name === "br" || BLOCKS.test(name)) this.add(" ", { styles: new Set(), entity: null });
        this.readCell(child, this.inline(child, name, style, context));
      }
    }

    inline(node, name, style, context) {
      const styles = new Set(context.styles);
      const set = (is, mark) => (is ? styles.add(mark) : styles.delete(mark));
      if (/^(b|strong)$/.test(name)) styles.add("BOLD");
      if (/^(i|em)$/.test(name)) styles.add("ITALIC");
      if (name === "sup") styles.add("SUPERSCRIPT");
      if (name === "sub") styles.add("SUBSCRIPT");
      const weight = style["font-weight"];
      if (weight) set(/^(bold|bolder|[6-9]00)$/.test(weight), "BOLD"); // Google Docs wraps everything in a <b> that is not bold
      if (style["font-style"]) set(/^(italic|oblique)/.test(style["font-style"]), "ITALIC");
      if (style["vertical-align"] === "super") styles.add("SUPERSCRIPT");
      if (style["vertical-align"] === "sub") styles.add("SUBSCRIPT");
      let { entity } = context;
      if (name === "a") {
        const url = addressOf(node);
        if (url) {
          entity = Object.keys(this.entities).length;
          this.entities[entity] = { type: "LINK", mutability: "MUTABLE", data: { url } };
        }
      }
      return { ...context, styles, entity };
    }
  }

  /* If the editor has no super- or subscript, use Unicode characters, because in plain digits 10² would become 102. */
  const inCharacters = (block, allowed) => {
    const characters = [...block.text];
    const isPlain = characters.join("").length === characters.length;
    const kept = [];
    for (const range of block.inlineStyleRanges) {
      const table = { SUPERSCRIPT: SUPERSCRIPTS, SUBSCRIPT: SUBSCRIPTS }[range.style];
      if (!table || allowed.has(range.style)) {
        kept.push(range);
        continue;
      }
      const part = block.text.slice(range.offset, range.offset + range.length);
      if (isPlain && [...part].every((character) => character in table)) {
        const other = [...part].map((character) => table[character]).join("");
        block.text = block.text.slice(0, range.offset) + other + block.text.slice(range.offset + range.length);
      }
    }
    return { ...block, inlineStyleRanges: kept };
  };

  const editorAround = (target) => {
    const wrapper = target.closest?.("[data-draftail-editor-wrapper]");
    const field = wrapper && [...wrapper.parentNode.children].find((part) => part.draftailEditor);
    return { wrapper, editor: field?.draftailEditor };
  };

  const notice = (wrapper, lost) => {
    wrapper.parentNode.querySelector(".paste-notice")?.remove();
    const sentences = Object.entries(lost).filter(([, count]) => count).map(([what]) => words[what]);
    if (!sentences.length) return;
    const line = document.createElement("p");
    line.className = "paste-notice help-block help-warning";
    line.setAttribute("role", "status");
    line.textContent = sentences.join(" ");
    wrapper.after(line);
  };

  const inOwnNotation = (content) => {
    const holder = document.implementation.createHTMLDocument("").createElement("div");
    holder.setAttribute(OWN_NOTATION, JSON.stringify(content));
    holder.textContent = content.blocks.map((block) => block.text).join("\n");
    return holder.outerHTML;
  };

  window.addEventListener(
    "paste",
    (event) => {
      const { wrapper, editor } = editorAround(event.target);
      const html = event.clipboardData?.getData("text/html");
      if (!wrapper || !editor || !html || ours.has(event) || html.includes(OWN_NOTATION)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const reader = new Reader();
      reader.readAll(treeOf(html), { styles: new Set(), entity: null, list: "", depth: 0, isItem: false });
      reader.end();
      const allowed = new Set((editor.props.inlineStyles || []).map((style) => style.type));
      const blocks = reader.blocks.map((block) => inCharacters(block, allowed));
      notice(wrapper, reader.lost);
      if (!blocks.length) return;
      const data = new DataTransfer();
      data.setData("text/html", inOwnNotation({ blocks, entityMap: reader.entities }));
      data.setData("text/plain", blocks.map((block) => block.text).join("\n"));
      const again = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
      ours.add(again);
      event.target.dispatchEvent(again);
    },
    true,
  );
})();
