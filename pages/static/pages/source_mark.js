// Citation marks in the editor. The button opens the source chooser and inserts "[key]" at the caret as a single
// unit, even without a selection. Readers see a number instead, which is added when the page is rendered.
(() => {
  const { EditorState, Modifier } = window.DraftJS;
  const { DraftUtils, ModalWorkflowSource, TooltipEntity } = window.draftail;
  const { createElement, useRef } = window.React;

  class SourceChooser extends ModalWorkflowSource {
    getChooserConfig() {
      return {
        url: this.props.entityType.chooserUrl,
        urlParams: {},
        onload: window.CHOOSER_MODAL_ONLOAD_HANDLERS,
        responses: { chosen: this.onChosen },
      };
    }

    onChosen({ id, key, label, url }) {
      const { editorState, entity, entityType, onComplete } = this.props;
      const content = editorState.getCurrentContent().createEntity(entityType.type, "IMMUTABLE", { id, key, label, url });
      const mark = content.getLastCreatedEntityKey();
      let selection = editorState.getSelection();
      if (!entity && !selection.isCollapsed()) {
        // The mark goes after the selected words.
        selection = selection.merge({
          anchorKey: selection.getEndKey(),
          anchorOffset: selection.getEndOffset(),
          focusKey: selection.getEndKey(),
          focusOffset: selection.getEndOffset(),
          isBackward: false,
        });
      }
      const marked = Modifier.replaceText(content, selection, `[${key}]`, null, mark);
      this.workflow.close();
      onComplete(EditorState.push(editorState, marked, "insert-characters"));
    }
  }

  // The editor's own "remove" would leave the text of the mark.
  function removeMark(node, entityKey) {
    const { parentNode } = node.closest("[data-draftail-editor-wrapper]");
    const { draftailEditor } = [...parentNode.querySelectorAll("input")].find((input) => input.draftailEditor);
    const state = draftailEditor.getEditorState();
    const selection = DraftUtils.getEntitySelection(state, entityKey);
    const without = Modifier.removeRange(state.getCurrentContent(), selection, "backward");
    draftailEditor.onChange(EditorState.push(state, without, "remove-range"));
  }

  function SourceMark({ entityKey, contentState, children, onEdit }) {
    const node = useRef(null);
    const { label, url } = contentState.getEntity(entityKey).getData();
    return createElement(
      "span",
      { ref: node, title: label },
      createElement(
        TooltipEntity,
        {
          entityKey,
          url,
          icon: "#icon-openquote",
          label: createElement("span", null, label), // a string would be cut after 20 characters
          onEdit,
          onRemove: () => removeMark(node.current, entityKey),
        },
        children,
      ),
    );
  }

  window.draftail.registerPlugin({ type: "SOURCE", source: SourceChooser, decorator: SourceMark }, "entityTypes");
})();
