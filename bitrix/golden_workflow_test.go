package bitrix_test

import (
	"context"
	"time"

	"konturbridge/bitrix"
)

func robot() bitrix.Robot {
	return bitrix.Robot{
		Code: "acme_send", Handler: "https://bridge.example/bx/robot", AuthUserID: 1, Subscription: bitrix.SubscriptionYes,
		Name: bitrix.Texts{"ru": "Отправить в Acme", "en": "Send to Acme"},
		Properties: bitrix.RobotProperties{
			{ID: "docType", Name: bitrix.Texts{"ru": "Тип", "en": "Type"}, Type: "select", Required: true, Default: "pdf",
				Options: bitrix.PropertyOptions{{Key: "pdf", Title: "PDF"}, {Key: "docx", Title: "DOCX"}}},
			{ID: "note", Name: bitrix.Texts{"": "Note"}, Type: "text"},
		},
		ReturnProperties: bitrix.RobotProperties{{ID: "externalId", Name: bitrix.Texts{"": "External id"}, Type: "string"}},
		Filter:           &bitrix.RobotFilter{Include: []any{[]string{"crm", "CCrmDocumentDeal"}, []string{"crm", "CCrmDocumentLead"}}},
	}
}

func robotCalls() map[string]exchange {
	return map[string]exchange{
		"robot_add":    run(func(ctx context.Context, c *bitrix.Client) error { return c.RobotAdd(ctx, robot()) }),
		"robot_update": run(func(ctx context.Context, c *bitrix.Client) error { return c.RobotUpdate(ctx, robot()) }),
		"robot_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.RobotDelete(ctx, "acme_send") }),
		"robot_list":   get((*bitrix.Client).RobotList, []string{"test_robot", "sms_robot"}),
		"event_send": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.EventSend(ctx, bitrix.RobotAnswer{
				EventToken: "55c1|A5|hs", ReturnValues: map[string]any{"state": "sent", "files": []string{"a", "b"}}, LogMessage: "готово",
			})
		}),
		"activity_log":    run(func(ctx context.Context, c *bitrix.Client) error { return c.ActivityLog(ctx, "55c1|A5|hs", "ждём") }),
		"activity_add":    run(func(ctx context.Context, c *bitrix.Client) error { return c.ActivityAdd(ctx, settled()) }),
		"activity_update": run(func(ctx context.Context, c *bitrix.Client) error { return c.ActivityUpdate(ctx, settled()) }),
		"activity_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.ActivityDelete(ctx, "acme_send") }),
		"activity_list":   get((*bitrix.Client).ActivityList, []string{"acme_send"}),
		"trigger_add": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.TriggerAdd(ctx, bitrix.Trigger{Code: "signed", Name: "Документ подписан"})
		}),
		"trigger_list":   get((*bitrix.Client).TriggerList, []bitrix.Trigger{{Code: "signed", Name: "Документ подписан"}}),
		"trigger_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.TriggerDelete(ctx, "signed") }),
		"trigger_execute": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.TriggerExecute(ctx, "signed", bitrix.EntityDeal, 57)
		}),
		"trigger_fire": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.TriggerFire(ctx, "signed", bitrix.EntityDeal, 57)
		}),
	}
}

// settled is a robot with a settings page of its own, for one kind of documents.
func settled() bitrix.Robot {
	return bitrix.Robot{
		Code: "acme_send", Handler: "https://bridge.example/bx/robot", Subscription: bitrix.SubscriptionNo, Name: bitrix.Texts{"": "Acme"},
		DocumentType: &bitrix.DocumentType{Module: "crm", Entity: "CCrmDocumentDeal", Type: "DEAL"},
		Filter:       &bitrix.RobotFilter{Include: []any{"b24"}, Exclude: []any{[]string{"crm", "CCrmDocumentLead"}}},
		UsePlacement: "Y", PlacementHandler: "https://bridge.example/bx/settings",
	}
}

func workflowCalls() map[string]exchange {
	return map[string]exchange{
		"workflow_start": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			document, err := bitrix.NewDocumentID(147, 1)
			if err != nil {
				return "", err
			}
			return c.WorkflowStart(ctx, bitrix.WorkflowStart{TemplateID: 212, DocumentID: document, Parameters: map[string]any{"who": "user_14"}})
		}, "66e81a641752f8.56521481"),
		"workflow_instances": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ListAnswer[[]bitrix.Workflow], error) {
			list, err := c.WorkflowInstances(ctx, bitrix.ListOptions{
				Select: []string{"ID", "DOCUMENT_ID"}, Filter: map[string]any{"=DOCUMENT_ID": "DEAL_1633"},
				Order: bitrix.Order{{Field: "MODIFIED", Desc: true}},
			})
			for i := range list.Result {
				list.Result[i].Started.Time = list.Result[i].Started.UTC()
			}
			return list, err
		}, bitrix.ListAnswer[[]bitrix.Workflow]{Total: 1, Result: []bitrix.Workflow{{
			ID: "658c4d3d6a2906.51542462", Module: "crm", Entity: "CCrmDocumentDeal", Element: "DEAL_1633",
			Started: bitrix.Time{Time: time.Date(2023, 12, 27, 17, 13, 49, 0, time.UTC)}, StartedBy: 57, TemplateID: 212,
		}}}),
		"workflow_terminate": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.WorkflowTerminate(ctx, "658c4d3d6a2906.51542462", "stopped")
		}),
		"workflow_kill": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.WorkflowKill(ctx, "658c4d3d6a2906.51542462")
		}),
		"template_list": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ListAnswer[[]bitrix.Template], error) {
			return c.TemplateList(ctx, bitrix.ListOptions{Select: []string{"ID", "NAME", "PARAMETERS"}})
		}, bitrix.ListAnswer[[]bitrix.Template]{Total: 1, Result: []bitrix.Template{
			{ID: 12, Name: "Подписание", Parameters: bitrix.Map[bitrix.TemplateParameter]{}},
		}}),
		"template_list_full": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			list, err := c.TemplateList(ctx, bitrix.ListOptions{Select: []string{"*"}, Filter: map[string]any{"SYSTEM_CODE": "rest_app_5"}})
			row := list.Result[0]
			return line(row.DocumentType, row.AutoExecute == bitrix.AutoExecuteBoth, row.UserID, row.SystemCode, row.IsModified, row.Variables, row.Constants), err
		}, "{crm CCrmDocumentDeal DEAL} true 1 rest_app_5 Y map[sum:{Сумма int N N}] map[]"),
		"template_add": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.TemplateAdd(ctx, bitrix.NewTemplate{
				DocumentType: bitrix.DocumentType{Module: "crm", Entity: "CCrmDocumentDeal", Type: "DEAL"}, Name: "Подписание",
				Data: bitrix.FileContent{Name: "file.bpt", Data: []byte("bpt")}, AutoExecute: bitrix.AutoExecuteCreate,
			})
		}, 525),
		"template_update": run(func(ctx context.Context, c *bitrix.Client) error {
			none := bitrix.AutoExecuteNone
			return c.TemplateUpdate(ctx, 525, bitrix.TemplateChange{Name: "Подписание 2", AutoExecute: &none})
		}),
		"template_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.TemplateDelete(ctx, 525) }),
		"task_list": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			list, err := c.WorkflowTaskList(ctx, bitrix.ListOptions{
				Select: []string{"ID", "ACTIVITY", "PARAMETERS"}, Filter: map[string]any{"USER_ID": 57}, Order: bitrix.Order{{Field: "ID"}}, Start: 50,
			})
			task := list.Result[0]
			field := task.Parameters.Fields[0]
			return line(task.ID, task.Activity, task.Status == bitrix.TaskInProgress, task.Parameters.CommentRequired, field.ID, field.Type, field.Required, field.Multiple), err
		}, "1501 RequestInformationActivity true YR sum int Y N"),
		"task_complete": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.WorkflowTaskComplete(ctx, bitrix.TaskAnswer{
				TaskID: 1501, Status: bitrix.TaskOK, Comment: "готово",
				Fields: map[string]any{"day": bitrix.Date{Year: 2026, Month: 5, Day: 14}, "scan": bitrix.FileContent{Name: "a.pdf", Data: []byte("%PDF-")}, "client": bitrix.Binding(bitrix.EntityContact, 607)},
			})
		}),
		"task_delegate": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.WorkflowTaskDelegate(ctx, 57, 14, 1501, 1502)
		}),
	}
}
