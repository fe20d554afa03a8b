// Wuchale's reader of Svelte files, taught what it leaves out (fields of classes, thrown sentences, default values, children of
// `svelte:element`) and where in a program the words that people read stand (is-text.mjs).
import { getKey } from "wuchale";
// Neither is among the packages' exports: both versions are held in package.json.
import { newMessage } from "../../node_modules/wuchale/dist/adapters.js";
import { SvelteTransformer } from "../../node_modules/@wuchale/svelte/dist/transformer.js";
import {
  attributeNamesText,
  isCodeCall,
  isCodeElement,
  isText,
  isTextAttribute,
  namesData,
  namesText,
} from "./is-text.mjs";

/** Calls that hand their argument on as it is: what surrounds them says what it is for. */
const transparentCalls = /^(\$derived(\.by)?|\$state(\.raw)?|untrack|Object\.freeze)$/;

const comparisons = new Set(["==", "===", "!=", "!==", "in", "instanceof", "<", ">", "<=", ">="]);

/**
 * Everything is called by one module-wide constant: the language is settled before the page's first module runs and stays
 * until it is loaded anew, so that texts of constants at the top of a module are translated too, and nothing is reactive.
 */
export const plainRuntime = {
  initReactive: ({ funcName }) => (funcName == null ? false : null),
  useReactive: false,
  plain: { wrapInit: (expression) => expression, wrapUse: (expression) => expression },
  reactive: { wrapInit: (expression) => expression, wrapUse: (expression) => expression },
};

export class TextTransformer extends SvelteTransformer {
  /** Whether what is being visited is read, by its place: a name, an attribute, the markup. */
  isReadPlace = false;
  /** Whether it is inside what an error is made of. */
  isError = false;

  constructor(content, filename, index, expression, matchUrl) {
    super(content, filename, index, (message) => this.judge(message), [], expression, plainRuntime, matchUrl);
    // Made by the constructor above it, of visitors that this class replaces.
    this.mixedVisitor = this.initMixedVisitor();
  }

  judge({ msgStr, details }) {
    const literal = msgStr.join("\n");
    if (details.scope === "markup") {
      return /\p{L}/u.test(literal) && !isCodeElement(details.element ?? "") ? "message" : false;
    }
    if (details.scope === "attribute") {
      const isHtml = /^[a-z]/.test(details.element ?? "");
      const isRead = isHtml ? isTextAttribute(details.attribute) : attributeNamesText(details.attribute);
      return (isHtml ? isRead : !namesData(details.attribute)) && isText(literal, isRead) ? "message" : false;
    }
    const { file, call = "" } = details;
    if (file.startsWith("src-main/")) {
      // Outside the page a single word is a state, an operation, a tag, unless it is named a text and has a capital. Below the host most that
      // has spaces is a format's: only what is named a text or explains an error is read.
      const isLow = /^src-main\/(raster|engine)\//.test(file) && !this.isReadPlace && !this.isError;
      const isWord = !/\s/.test(literal) && !(this.isReadPlace && /^\p{Lu}/u.test(literal));
      return isLow || isWord || isCodeCall(call) || !isText(literal, this.isReadPlace) ? false : "message";
    }
    if (isCodeCall(call)) {
      return false;
    }
    return isText(literal, this.isReadPlace) ? "message" : false;
  }

  /** Visits with the place set, and puts it back. */
  at(isReadPlace, visit) {
    const before = this.isReadPlace;
    this.isReadPlace = isReadPlace;
    try {
      return visit();
    } finally {
      this.isReadPlace = before;
    }
  }

  /** Inside what is read, only a name of data leads out again. */
  under(name) {
    // Networks and losses are listed by their names.
    const isListed =
      name === "name" && /^src-main\/engine\/(losses|models)\//.test(this.heuristciDetails.file);
    return isListed || namesText(name) || (this.isReadPlace && !namesData(name));
  }

  nameOf(node) {
    return node?.type === "Identifier" || node?.type === "PrivateIdentifier" ? node.name : "";
  }

  // --- where the runtime's constant goes: before everything but imports, since what runs first may call what stands below.
  getRealBodyStart = (nodes) =>
    (nodes.find((node) => node.type !== "ImportDeclaration" && node.directive === undefined) ?? nodes[0])
      ?.start;
  visitStatementsNSaveRealBodyStart = (nodes) => nodes.flatMap((node) => this.visit(node));

  // --- names
  visitVariableDeclarator = (node) =>
    this.at(namesText(this.nameOf(node.id)), () => this.defaultVisitVariableDeclarator(node));
  visitProperty = (node) => {
    const name = this.nameOf(node.key) || String(node.key.value ?? "");
    return [
      ...(node.computed ? this.at(false, () => this.visit(node.key)) : []),
      ...this.at(this.under(name), () => this.visit(node.value)),
    ];
  };
  visitPropertyDefinition = (node) =>
    node.value == null ? [] : this.at(namesText(this.nameOf(node.key)), () => this.visit(node.value));
  visitAssignmentExpression = (node) => {
    const target = node.left.type === "MemberExpression" ? node.left.property : node.left;
    return [
      ...this.at(false, () => this.visit(node.left)),
      ...this.at(namesText(this.nameOf(target)), () => this.visit(node.right)),
    ];
  };
  visitAssignmentPattern = (node) => this.at(namesText(this.nameOf(node.left)), () => this.visit(node.right));
  visitObjectPattern = (node) =>
    node.properties.flatMap((property) =>
      this.visit(property.type === "Property" ? property.value : property),
    );

  // --- functions and classes
  visitParameters = (parameters) => this.at(false, () => parameters.flatMap((node) => this.visit(node)));
  visitFunction = (node, name, isReadPlace) => [
    ...this.visitParameters(node.params),
    ...this.at(isReadPlace, () => this.visitFunctionBody(node.body, name, node.end)),
  ];
  visitFunctionDeclaration = (node) =>
    node.body == null ? [] : this.visitFunction(node, node.id?.name ?? "", namesText(node.id?.name ?? ""));
  visitArrowFunctionExpression = (node) => this.visitFunction(node, "", this.isReadPlace);
  visitFunctionExpression = (node) =>
    node.body == null ? [] : this.visitFunction(node, "", this.isReadPlace);
  visitClassDeclaration = (node) =>
    node.body.body.flatMap((part) => {
      switch (part.type) {
        case "MethodDefinition":
          return this.at(namesText(this.nameOf(part.key)), () => this.visitFunctionExpression(part.value));
        case "PropertyDefinition":
          return this.visit(part);
        case "StaticBlock":
          return part.body.flatMap((statement) => this.visit(statement));
        default:
          return [];
      }
    });
  visitClassExpression = this.visitClassDeclaration;

  // --- statements and expressions
  visitThrowStatement = (node) => this.visit(node.argument);
  visitTSNonNullExpression = (node) => this.visit(node.expression);
  visitTryStatement = (node) => [
    ...this.visit(node.block),
    ...(node.handler ? this.visit(node.handler.body) : []),
    ...(node.finalizer ? this.visit(node.finalizer) : []),
  ];
  visitIfStatement = (node) => [
    ...this.at(false, () => this.visit(node.test)),
    ...this.visit(node.consequent),
    ...(node.alternate ? this.visit(node.alternate) : []),
  ];
  visitConditionalExpression = (node) => [
    ...this.at(false, () => this.visit(node.test)),
    ...this.visit(node.consequent),
    ...this.visit(node.alternate),
  ];
  visitBinaryExpression = (node) => {
    const sides = comparisons.has(node.operator)
      ? [node.left, node.right].filter((side) => side.type !== "Literal" && side.type !== "TemplateLiteral")
      : [node.left, node.right];
    return sides.flatMap((side) => this.visit(side));
  };
  /** What is put into a text is read with it. */
  visitBaseTemplate = this.visitTemplateLiteral;
  visitTemplateLiteral = (node, details = false) =>
    this.at(Boolean(details === true || this.checkHeuristicTemplateLiteral(node)), () =>
      this.visitBaseTemplate(node, details),
    );
  visitSwitchStatement = (node) => [
    ...this.at(false, () => this.visit(node.discriminant)),
    ...node.cases.flatMap((each) => each.consequent.flatMap((statement) => this.visit(statement))),
  ];
  visitMemberExpression = (node) => [
    ...this.visit(node.object),
    ...(node.computed && node.property.type !== "Literal"
      ? this.at(false, () => this.visit(node.property))
      : []),
  ];
  visitNewExpression = (node) => {
    const before = this.isError;
    this.isError ||= this.getCalleeName(node.callee).endsWith("Error");
    const messages = this.at(false, () => node.arguments.flatMap((argument) => this.visit(argument)));
    this.isError = before;
    return messages;
  };
  visitCallExpression = (node) => {
    const name = this.getCalleeName(node.callee);
    if (name === "formatPlural") {
      return this.visitPlural(node);
    }
    // What is drawn on a canvas is read, too.
    const isReadPlace = name.endsWith(".fillText") || (this.isReadPlace && transparentCalls.test(name));
    return this.at(isReadPlace, () => this.defaultVisitCallExpression(node));
  };
  /** `formatPlural(count, "class", "classes")`: a text with forms, so that a language may have as many as it has. */
  visitPlural = (node) => {
    const [count, one, other] = node.arguments;
    if (one?.type !== "Literal" || (other !== undefined && other.type !== "Literal")) {
      return this.defaultVisitCallExpression(node);
    }
    const forms = [one.value, other?.value ?? `${one.value}s`].map((words) => `# ${words}`);
    const message = newMessage({
      msgStr: forms,
      plural: true,
      details: this.fullHeuristicDetails({ scope: "script" }),
      context: this.commentDirectives.context,
    });
    const { rtTPlural, rtPlural } = this.vars();
    const position = this.index.get(getKey(message.msgStr, message.context));
    this.mstr.update(one.start, (other ?? one).end, `${rtTPlural}(${position}), ${rtPlural}`);
    return [...this.visit(count), message];
  };

  // --- Svelte
  visitExpressionTag = (node) => this.at(true, () => this.visit(node.expression));
  visitSpreadAttribute = (node) => this.at(false, () => this.visit(node.expression));
  visitBaseAttribute = this.visitAttribute;
  visitAttribute = (node) => {
    const isHtml = /^[a-z]/.test(this.currentElement ?? "");
    const isHandler = node.name.startsWith("on");
    if (isHtml && !isHandler && !isTextAttribute(node.name)) {
      return [];
    }
    const isRead = isHtml ? !isHandler : attributeNamesText(node.name);
    const value = Array.isArray(node.value) ? node.value[0] : node.value;
    // Of a tag's own expression the attribute's name decides, not that it stands in markup.
    if (
      value !== true &&
      value?.type === "ExpressionTag" &&
      (!Array.isArray(node.value) || node.value.length === 1)
    ) {
      return this.at(isRead, () => this.visit(value.expression));
    }
    return this.at(isRead, () => {
      const messages = this.visitBaseAttribute(node);
      // Pieces without a word between them, as in `title="{open ? 'Close' : 'Open'} {name}"`, are read one by one.
      return messages.length > 0 || !Array.isArray(node.value)
        ? messages
        : node.value.flatMap((part) => (part.type === "ExpressionTag" ? this.visit(part.expression) : []));
    });
  };
  /**
   * Texts inside a block stand for themselves: wuchale would also write those of `<b>{#if …}text{/if}</b>` into the sentence around it,
   * since it takes whatever comes back from an element with the markup's scope for that element's own words.
   */
  apart = (messages) => {
    for (const message of messages) {
      message.details.scope = "script";
    }
    return messages;
  };
  visitIfBlockAsOne = this.visitIfBlock;
  visitIfBlock = (node) => this.apart(this.visitIfBlockAsOne(node));
  visitEachBlockAsOne = this.visitEachBlock;
  visitEachBlock = (node) => this.apart(this.visitEachBlockAsOne(node));
  visitKeyBlockAsOne = this.visitKeyBlock;
  visitKeyBlock = (node) => this.apart(this.visitKeyBlockAsOne(node));
  visitAwaitBlockAsOne = this.visitAwaitBlock;
  visitAwaitBlock = (node) => this.apart(this.visitAwaitBlockAsOne(node));
  visitSnippetBlockAsOne = this.visitSnippetBlock;
  visitSnippetBlock = (node) => this.apart(this.visitSnippetBlockAsOne(node));
  visitAttachTag = (node) => this.at(false, () => this.visit(node.expression));
  visitUseDirective = (node) => (node.expression ? this.at(false, () => this.visit(node.expression)) : []);
  visitRenderTag = (node) => this.at(false, () => this.visit(node.expression));
  visitSvelteElement = (node) => this.visitRegularElement({ ...node, name: "div" });
  visitSvelteComponent = (node) => this.visitRegularElement({ ...node, name: "Component" });
}
