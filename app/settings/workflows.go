package settings

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

func (r *reader) startWorkflow(place **StartWorkflow) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		var w StartWorkflow
		given := r.object(node, path, keys{"template": r.number(&w.Template, 1), "parameters": r.trees(&w.Parameters, UseReaction),
			"document": r.document(&w.Document)})
		if given != nil && !given["template"] {
			r.require(node, path, map[string]string{"template": ""})
		}
		*place = &w
	}
}

// endWorkflow reads what is to be ended; what is erased has no outcome to show.
func (r *reader) endWorkflow(place **EndWorkflow, status bool) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		var w EndWorkflow
		known := keys{"template": r.number(&w.Template, 1)}
		if status {
			known["status"] = r.template(&w.Status, UseReaction)
		}
		given := r.object(node, path, known)
		if given != nil && !given["template"] {
			r.require(node, path, map[string]string{"template": ""})
		}
		*place = &w
	}
}

// elementPattern is a CRM element as business processes name it.
const elementPattern = `^(LEAD|DEAL|CONTACT|COMPANY|QUOTE|SMART_INVOICE|DYNAMIC_[0-9]+)_[0-9]+$`

// document reads what a business process is started on. What is written out is checked at once; where an
// expression stands, the value that it gives is checked when the process is started.
// doc: api-reference/bizproc/bizproc-workflow-start.md
func (r *reader) document(place *any) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		r.tree(place, UseReaction)(node, path)
		switch value := (*place).(type) {
		case nil:
		case string:
			if !strings.Contains(value, "{{") && !regexp.MustCompile(elementPattern).MatchString(value) {
				r.fail(node, path, fmt.Sprintf("%q не похоже на элемент CRM, такой как SMART_INVOICE_3 или DYNAMIC_147_1", value),
					fmt.Sprintf("%q is no element of the CRM such as SMART_INVOICE_3 or DYNAMIC_147_1", value))
			}
		case []any:
			r.documentParts(node, path, value)
		default:
			r.fail(node, path, "нужен элемент CRM (SMART_INVOICE_3) или список из трёх частей идентификатора документа",
				"must be an element of the CRM (SMART_INVOICE_3) or a list of a document id's three parts")
		}
	}
}

// documentClasses are the classes of documents that business processes run on, by module.
func documentClasses() map[string][]string {
	const crm = `Bitrix\Crm\Integration\BizProc\Document\`
	return map[string][]string{
		"crm":   {"CCrmDocumentLead", "CCrmDocumentDeal", "CCrmDocumentContact", "CCrmDocumentCompany", crm + "Quote", crm + "Dynamic", crm + "SmartInvoice"},
		"lists": {"BizprocDocument", `Bitrix\Lists\BizprocDocumentLists`},
		"disk":  {`Bitrix\Disk\BizProcDocument`},
	}
}

func (r *reader) documentParts(node *yaml.Node, path string, parts []any) {
	if len(parts) != 3 {
		r.fail(node, path, fmt.Sprintf("в идентификаторе документа три части, а не %d", len(parts)), fmt.Sprintf("a document id has three parts, not %d", len(parts)))
		return
	}
	written := func(part any) (string, bool) {
		text, ok := part.(string)
		return text, ok && !strings.Contains(text, "{{")
	}
	module, ok := written(parts[0])
	if !ok {
		return
	}
	classes, known := documentClasses()[module]
	if !known {
		r.fail(node.Content[0], path+"[0]", fmt.Sprintf("неизвестный модуль %q; возможны: crm, lists, disk", module), fmt.Sprintf("unknown module %q; known: crm, lists, disk", module))
		return
	}
	class, ok := written(parts[1])
	for _, one := range classes {
		ok = ok && class != one
	}
	if ok {
		list := words(classes)
		r.fail(node.Content[1], path+"[1]", fmt.Sprintf("у модуля %s нет класса %q; возможны: %s", module, class, list), fmt.Sprintf("%s has no class %q; known: %s", module, class, list))
	}
}
