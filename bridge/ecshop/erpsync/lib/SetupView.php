<?php
/** The HTML of the setup page: no script, nothing from elsewhere, every value escaped. */
class ErpSync_SetupView
{
    /** @var string what each form carries */
    public $token = '';
    /** @var string|null the connect code, only in the answer to a POST */
    public $code = null;
    /** @var bool whether the checks were asked for */
    public $checked = false;
    /** @var ErpSync_Language */
    private $language;
    /** @var array */
    private $notes = array();

    public function __construct(ErpSync_Language $language)
    {
        $this->language = $language;
    }

    public function note($level, $message, $remedy = '')
    {
        $this->notes[] = array('level' => $level, 'message' => $message, 'remedy' => $remedy);
    }

    /** @param array $with installed, findings, status, set_aside, stock, form @return string */
    public function page(array $with)
    {
        $body = '';
        foreach ($this->notes as $note) {
            $body .= $this->noteBox($note);
        }
        if ($this->code !== null) {
            $body .= $this->connect($with['status']);
        }
        if ($with['findings'] !== null) {
            $body .= $this->findings($with['findings']);
        }
        if (!$with['installed']) {
            if (ErpSync_Checks::worst($with['findings']) !== ErpSync_Checks::FAIL) {
                $body .= $this->section('2', 'Install', $this->installForm($with['form'], false));
            } else {
                $body .= $this->section('2', 'Install', $this->p('Mend what is marked red above, then reload this page.'));
            }
            if ($with['stock'] !== null) {
                $body .= $this->section('3', 'When stock is reduced', $this->stock($with['stock']));
            }
            return $this->document($body);
        }
        $body .= $this->status($with['status']);
        if ($with['set_aside'] !== array()) {
            $body .= $this->setAside($with['set_aside']);
        }
        if ($this->code === null) {
            $body .= $this->section('', 'Connect', $this->p('The connect code holds both secrets. It is shown only when you ask for it.')
                . $this->button('code', 'Show the connect code'));
        }
        if ($with['stock'] !== null) {
            $body .= $this->section('', 'When stock is reduced', $this->stock($with['stock']));
        }
        $body .= $this->section('', 'Maintenance', $this->maintenance($with['form']));
        return $this->document($body);
    }

    /** For whoever is not known: how to get in, and nothing about this shop. @return string */
    public function stranger()
    {
        return $this->document($this->section(
            '',
            'Please log in first',
            $this->p('This page is for the super administrator of the shop. Log in to the shop\'s admin area in this browser, with an account that may do everything, then open this page again. A login ends after 30 minutes without activity.')
            . $this->p('Whoever has a command line on the server can do without: %s', array('php erpsync/cli.php help'))
        ));
    }

    public static function styleHash()
    {
        return base64_encode(hash('sha256', self::style(), true));
    }

    private function findings(array $findings)
    {
        $worse = '';
        $fine = '';
        $count = 0;
        foreach ($findings as $finding) {
            $item = '<li class="' . $finding['level'] . '"><b>' . $this->level($finding['level']) . '</b> '
                . $this->html($finding['message'])
                . ($finding['remedy'] === '' ? '' : '<p>' . $this->html($finding['remedy']) . '</p>') . '</li>';
            if ($finding['level'] === ErpSync_Checks::OK) {
                $fine .= $item;
                $count++;
            } else {
                $worse .= $item;
            }
        }
        return $this->section('1', 'What was found', ($worse === '' ? '' : '<ul class="findings">' . $worse . '</ul>')
            . '<details><summary>' . $this->say('%d checks are in order', array($count)) . '</summary><ul class="findings">' . $fine
            . '</ul></details>');
    }

    private function level($level)
    {
        $names = array('ok' => 'in order', 'warn' => 'note', 'fail' => 'to mend');
        return $this->say($names[$level]);
    }

    private function installForm(array $form, $again)
    {
        $captures = '';
        foreach (array('auto' => 'triggers if allowed, else polling', 'poll' => 'polling only') as $value => $label) {
            $captures .= '<label class="choice"><input type="radio" name="capture" value="' . $value . '"'
                . ($form['capture'] === $value ? ' checked' : '') . '> ' . $this->say($label) . '</label>';
        }
        return $this->form('install', $this->hidden('epoch', $form['epoch'])
            . $this->input('webhook_url', 'Webhook address', $form['webhook_url'], 'From the output of the deployment, for example https://…/v1/shops/A1/events')
            . $this->input('public_url', 'Address of the shop', $form['public_url'], 'Under which the service reaches this shop')
            . $this->input('currency', 'Currency', $form['currency'], 'Of the prices in the shop')
            . '<div class="field"><span>' . $this->say('How changes are found') . '</span>' . $captures . '</div>'
            . ($again ? $this->confirm('I know that the present connect code becomes invalid.') : ''), $again ? 'Install again' : 'Install');
    }

    private function connect($status)
    {
        return $this->section('', 'Connect', $this->p('Run this where the service is operated, and paste the code when it asks:')
            . '<pre>npm run sync -- connect ' . $this->html($status['shop_id']) . '</pre>'
            . '<pre class="code">' . $this->html($this->code) . '</pre>'
            . $this->p('The code holds secrets: do not send it by mail or chat. Then test the connection here.')
            . $this->button('test', 'Test the connection'));
    }

    private function status(array $status)
    {
        $html = '';
        if ($status['obstacle'] !== null) {
            $said = $this->language->problem($status['obstacle']);
            $html .= $this->noteBox(array('level' => 'fail', 'message' => $this->language->say('Nothing is sent:') . ' '
                . $said['message'], 'remedy' => $said['remedy']));
            if ($said['code'] === 'not-bound') {
                $html .= $this->button('bind', 'This is the shop: bind it');
            } elseif ($said['code'] === 'restored') {
                $html .= $this->newEpochForm($status['epoch']);
            } else {
                $html .= $this->button('resume', 'It is mended: go on');
            }
        }
        if ($status['triggers_missing'] !== array()) {
            $html .= $this->noteBox(array('level' => 'fail', 'message' => $this->language->say(
                '%d triggers are missing: changes are found by the nightly sweep only',
                array(count($status['triggers_missing']))
            ), 'remedy' => '')) . $this->button('repair', 'Repair');
        }
        $never = $this->language->say('not yet');
        $rows = array(
            array('Waiting', (string) $status['pending'] . ($status['oldest_pending_at'] === null ? ''
                : ' (' . $this->language->say('oldest: %s', array($status['oldest_pending_at'])) . ')')),
            array('Set aside', (string) $status['set_aside']),
            array('Orders without lines', (string) $status['not_ready']),
            array('Accepted last', $status['last_accepted_at'] === null ? $never : $status['last_accepted_at']),
            array('Changes are found by', $this->language->say($status['capture'] === 'triggers' ? 'triggers' : 'polling')),
            array('Epoch, number', $status['epoch'] . ', ' . $status['seq']),
            array('Webhook address', $status['webhook_url']),
            array('Address of the shop', $status['public_url']),
        );
        if ($status['last_error'] !== null) {
            $said = $this->language->problem($status['last_error']);
            $rows[] = array('Last error', $said['message'] . ' (' . $said['code'] . ') ' . $said['remedy']);
        }
        if ($status['next_try_at'] !== null) {
            $rows[] = array('Next try', $status['next_try_at']);
        }
        $html .= '<table>';
        foreach ($rows as $row) {
            $html .= '<tr><th>' . $this->say($row[0]) . '</th><td>' . $this->html($row[1]) . '</td></tr>';
        }
        return $this->section('', 'Status', $html . '</table>'
            . ($this->code === null ? $this->button('test', 'Test the connection') : '')
            . $this->button('check', 'Check everything'));
    }

    private function setAside(array $rows)
    {
        $html = '';
        foreach ($rows as $row) {
            $said = $this->language->problem($row);
            $html .= '<tr><td>' . $this->say($row['kind']) . ' ' . $this->html($row['id'])
                . ($row['deleted'] ? ' (' . $this->say('deleted') . ')' : '') . '</td><td>' . $this->html($said['code'])
                . ($row['field'] === '' ? '' : '<br><code>' . $this->html($row['field']) . '</code>') . '</td><td>'
                . $this->html($said['message']) . ($said['remedy'] === '' ? '' : '<br>' . $this->html($said['remedy']))
                . '</td></tr>';
        }
        return $this->section('', 'Set aside', $this->p('The service called these invalid. They go again when they change in the shop, or when you release them.')
            . '<table>' . $html . '</table>' . $this->button('release', 'Release all'));
    }

    private function stock(array $stock)
    {
        if ($stock['mode'] === 'none') {
            return $this->p('This shop does not manage stock (use_storage is off). Figures of the ERP are written, but checkout does not look at them.');
        }
        $html = $this->p('At shipment (the default of ECShop): an order takes nothing until its parcel leaves. 5 pieces, an order for 4: the shop still shows 5 and sells them again.')
            . $this->p('At placement: the order takes its pieces at once. 5 pieces, an order for 4: the shop shows 1. A cancelled order gives them back. This is the safe mode.');
        if ($stock['mode'] === 'placement') {
            return $html . $this->p('This shop reduces stock at placement. There is nothing to do.');
        }
        return $html . $this->p('This shop reduces stock at shipment. The sync allows for that and works in both modes.')
            . $this->p('If you switch: the %d orders that are open now have taken nothing, and will take nothing when they ship. Until the next stock run of the sync their pieces are shown as for sale; if the sync does not write stock, take them off by hand. Switch in a quiet hour.', array($stock['open']))
            . $this->form('stock', '<label class="choice"><input type="radio" name="mode" value="shipment" checked> '
                . $this->say('leave it at shipment') . '</label><label class="choice"><input type="radio" name="mode" value="placement"> '
                . $this->say('reduce stock at placement') . '</label>', 'Apply');
    }

    private function maintenance(array $form)
    {
        return '<details><summary>' . $this->say('Install again') . '</summary>'
            . $this->p('For another webhook address or shop address, and for new secrets. What is waiting is kept. A new epoch begins, so connect it again afterwards.')
            . $this->installForm($form, true) . '</details>'
            . '<details><summary>' . $this->say('New epoch') . '</summary>'
            . $this->p('After the database was restored from a backup, or if a secret became known to others.')
            . $this->newEpochForm($form['epoch']) . '</details>'
            . '<details><summary>' . $this->say('Repair') . '</summary>'
            . $this->p('Creates tables, triggers and the scheduled task again where they are missing.')
            . $this->button('repair', 'Repair') . '</details>'
            . '<details><summary>' . $this->say('Uninstall') . '</summary>'
            . $this->p('Removes the triggers, the tables and the scheduled task of the bridge. What is waiting is lost. Orders and everything else of the shop stay untouched.')
            . $this->form('uninstall', $this->confirm('Remove it.'), 'Uninstall', 'danger') . '</details>';
    }

    private function newEpochForm($epoch)
    {
        return $this->form('new-epoch', $this->hidden('epoch', $epoch)
            . $this->confirm('I know that the present connect code becomes invalid.'), 'Start a new epoch');
    }

    private function noteBox(array $note)
    {
        return '<div class="note ' . $note['level'] . '"><b>' . $this->html($note['message']) . '</b>'
            . ($note['remedy'] === '' ? '' : '<p>' . $this->html($note['remedy']) . '</p>') . '</div>';
    }

    private function section($number, $title, $content)
    {
        return '<section><h2>' . ($number === '' ? '' : '<span>' . $number . '</span> ') . $this->say($title) . '</h2>' . $content
            . "</section>\n";
    }

    private function form($do, $fields, $label, $class = '')
    {
        return '<form method="post" action="setup.php?lang=' . $this->language->code . '">' . $this->hidden('token', $this->token)
            . $this->hidden('do', $do) . $fields . '<button' . ($class === '' ? '' : ' class="' . $class . '"') . '>'
            . $this->say($label) . '</button></form>';
    }

    private function button($do, $label)
    {
        return $this->form($do, '', $label);
    }

    private function hidden($name, $value)
    {
        return '<input type="hidden" name="' . $name . '" value="' . $this->html($value) . '">';
    }

    private function input($name, $label, $value, $hint)
    {
        return '<label class="field"><span>' . $this->say($label) . '</span><input name="' . $name . '" value="'
            . $this->html($value) . '" required autocomplete="off" spellcheck="false"><small>' . $this->say($hint)
            . '</small></label>';
    }

    private function confirm($label)
    {
        return '<label class="choice"><input type="checkbox" name="sure" value="1" required> ' . $this->say($label) . '</label>';
    }

    private function p($english, array $values = array())
    {
        return '<p>' . $this->say($english, $values) . '</p>';
    }

    private function say($english, array $values = array())
    {
        return $this->html($this->language->say($english, $values));
    }

    private function html($text)
    {
        return htmlspecialchars(ErpSync_Text::valid((string) $text), ENT_QUOTES, 'UTF-8');
    }

    private function document($body)
    {
        $title = $this->say('ERP sync for ECShop');
        return '<!DOCTYPE html><html lang="' . ($this->language->code === 'zh' ? 'zh-CN' : 'en') . '"><head><meta charset="utf-8">'
            . '<meta name="viewport" content="width=device-width, initial-scale=1"><title>' . $title . '</title><style>'
            . self::style() . '</style></head><body><header><h1>' . $title . '</h1><nav><a href="setup.php?lang=zh" lang="zh-CN">中文</a>'
            . ' <a href="setup.php?lang=en" lang="en">English</a></nav></header><main>' . $body . '</main></body></html>';
    }

    private static function style()
    {
        return 'body{margin:0;background:#f4f5f7;color:#1d2330;font:15px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}'
            . 'header,main{max-width:820px;margin:0 auto;padding:0 16px}'
            . 'header{display:flex;align-items:center;justify-content:space-between}'
            . 'h1{font-size:20px;margin:20px 0}h2{font-size:17px;margin:0 0 12px}'
            . 'h2 span{display:inline-block;width:26px;height:26px;line-height:26px;border-radius:13px;background:#2457c5;color:#fff;'
            . 'text-align:center;font-size:14px}'
            . 'a{color:#2457c5}nav a{margin-left:12px}'
            . 'section{background:#fff;border:1px solid #dfe3ea;border-radius:8px;padding:18px 20px;margin:0 0 16px}'
            . 'p{margin:0 0 10px}ul.findings{list-style:none;margin:0 0 8px;padding:0}'
            . '.findings li,.note{border-left:4px solid #2e8b57;background:#f3faf6;padding:8px 12px;margin:0 0 8px;border-radius:0 4px 4px 0}'
            . '.findings li.warn,.note.warn{border-color:#c98a00;background:#fff9ea}'
            . '.findings li.fail,.note.fail{border-color:#c0392b;background:#fdf1ef}'
            . '.findings p,.note p{margin:4px 0 0;color:#4a5366}'
            . '.findings b{font-size:13px;margin-right:6px}.ok b{color:#1f6b41}.warn b{color:#8a5f00}.fail b{color:#a02c20}'
            . 'details{margin:8px 0}summary{cursor:pointer;color:#2457c5}details[open] summary{margin-bottom:10px}'
            . 'form{display:inline-block;margin:4px 8px 4px 0;vertical-align:top;max-width:100%}'
            . '.field{display:block;margin:0 0 12px}.field span{display:block;font-weight:600}'
            . '.field input:not([type]){width:640px;max-width:100%;box-sizing:border-box;padding:7px 9px;border:1px solid #b9c0cc;'
            . 'border-radius:4px;font:inherit}small{display:block;color:#667085}.choice{display:block;margin:0 0 8px}'
            . 'button{background:#2457c5;color:#fff;border:0;border-radius:4px;padding:8px 16px;font:inherit;cursor:pointer}'
            . 'button.danger{background:#b3382a}'
            . 'table{border-collapse:collapse;width:100%;margin:8px 0 12px}th,td{text-align:left;vertical-align:top;padding:6px 8px;'
            . 'border-top:1px solid #e6e9ef;word-break:break-word}th{width:190px;font-weight:600}'
            . 'pre{background:#1d2330;color:#e8ecf4;padding:10px 12px;border-radius:4px;margin:0 0 10px;white-space:pre-wrap;'
            . 'word-break:break-all;font:13px/1.5 ui-monospace,Consolas,monospace}code{font-family:ui-monospace,Consolas,monospace}';
    }
}
