<?php
/** The commands of cli.php. Exit codes: 0 all right, 1 a problem, 2 asked for wrongly. */
class ErpSync_Console
{
    const OK = 0;
    const PROBLEM = 1;
    const USAGE = 2;

    /** @var array command => its method, its options (true: with a value) and its arguments' names */
    private static $commands = array(
        'check' => array('check', array('json' => false), array()),
        'install' => array(
            'install',
            array('webhook-url' => true, 'public-url' => true, 'currency' => true, 'capture' => true, 'yes' => false),
            array(),
        ),
        'connect-code' => array('connectCode', array(), array()),
        'test' => array('test', array(), array()),
        'status' => array('status', array('json' => false), array()),
        'relay' => array('relay', array('seconds' => true, 'watch' => false), array()),
        'sweep' => array('sweep', array('seconds' => true), array()),
        'set-aside' => array('setAside', array('json' => false), array()),
        'release' => array('release', array(), array()),
        'resume' => array('resume', array(), array()),
        'repair' => array('repair', array(), array()),
        'bind' => array('bind', array(), array()),
        'new-epoch' => array('newEpoch', array('yes' => false), array()),
        'stock-mode' => array('stockMode', array(), array('mode')),
        'plain-since' => array('plainSince', array(), array('instant')),
        'uninstall' => array('uninstall', array('yes' => false), array()),
        'help' => array('help', array(), array()),
    );

    /** @var string the shop's folder */
    private $root;
    /** @var ErpSync_Language */
    private $language;
    /** @var ErpSync_App */
    private $app;
    /** @var array */
    private $options;

    public function __construct($root, ErpSync_Language $language)
    {
        $this->root = $root;
        $this->language = $language;
    }

    /** @param array $words what follows the script's name @return int the exit code */
    public function run(array $words)
    {
        $name = array_shift($words);
        if ($name === null || $name === '--help' || $name === '-h') {
            $name = 'help';
        }
        if (!isset(self::$commands[$name])) {
            return $this->misused($this->language->say('There is no command %s.', array($name)));
        }
        list($method, $options, $names) = self::$commands[$name];
        $arguments = $this->parse($words, $options);
        if ($arguments === null) {
            return self::USAGE;
        }
        if (count($arguments) !== count($names)) {
            return $this->misused($this->language->say('%s takes %d arguments.', array($name, count($names))));
        }
        try {
            if ($name !== 'help' && $name !== 'check') {
                $this->app = new ErpSync_App($this->root);
            }
            return call_user_func_array(array($this, $method), $arguments);
        } catch (ErpSync_SetupError $error) {
            return $this->failed($this->language->setupError($error));
        } catch (ErpSync_DbError $error) {
            return $this->failed(array(
                'code' => 'database',
                'message' => $this->language->say('The database refused a statement (MySQL error %d).', array($error->getCode())),
                'remedy' => $this->language->say('Run the check; it names the privilege that is missing.'),
            ));
        }
    }

    /** @return array|null the arguments that are no options; null after a usage message */
    private function parse(array $words, array $known)
    {
        $this->options = array();
        $arguments = array();
        while ($words !== array()) {
            $word = array_shift($words);
            if (strpos($word, '--') !== 0) {
                $arguments[] = $word;
                continue;
            }
            $parts = explode('=', substr($word, 2), 2);
            $name = $parts[0];
            if (!isset($known[$name])) {
                $this->misused($this->language->say('There is no option %s here.', array('--' . $name)));
                return null;
            }
            if ($known[$name]) {
                $value = isset($parts[1]) ? $parts[1] : array_shift($words);
                if ($value === null || $value === '') {
                    $this->misused($this->language->say('%s needs a value.', array('--' . $name)));
                    return null;
                }
                $this->options[$name] = $value;
            } elseif (isset($parts[1])) {
                $this->misused($this->language->say('%s takes no value.', array('--' . $name)));
                return null;
            } else {
                $this->options[$name] = '1';
            }
        }
        return $arguments;
    }

    /** @internal */
    public function check()
    {
        $checks = new ErpSync_Checks($this->root, $this->language);
        $findings = $checks->run(true);
        if (isset($this->options['json'])) {
            $this->line(json_encode($findings));
        } else {
            foreach ($findings as $finding) {
                $this->line(sprintf('%-4s  %-12s  %s', $finding['level'], $finding['name'], $finding['message']));
                if ($finding['remedy'] !== '') {
                    $this->line('                    -> ' . $finding['remedy']);
                }
            }
        }
        return ErpSync_Checks::worst($findings) === ErpSync_Checks::FAIL ? self::PROBLEM : self::OK;
    }

    /** @internal */
    public function install()
    {
        if ($this->app->isInstalled() && !isset($this->options['yes'])) {
            return $this->misused($this->language->say('It is installed. Installing again makes the present connect code invalid; repeat with --yes.'));
        }
        $settings = array();
        foreach (array('webhook_url', 'public_url', 'currency', 'capture') as $name) {
            $option = str_replace('_', '-', $name);
            if (isset($this->options[$option])) {
                $settings[$name] = $this->options[$option];
            }
        }
        $installer = new ErpSync_Installer($this->app);
        $done = $installer->install($settings);
        $this->line($this->language->say($done['capture'] === 'triggers'
            ? 'Installed. Changes are captured by triggers.'
            : 'Installed. Changes are found by polling.'));
        return $this->printCode($installer);
    }

    /** @internal */
    public function connectCode()
    {
        return $this->printCode(new ErpSync_Installer($this->app));
    }

    /** The code alone on standard output, so that it can be piped. */
    private function printCode(ErpSync_Installer $installer)
    {
        $code = $installer->connectCode();
        $this->aside($this->language->say('Run this where the service is operated, and paste the code when it asks:'));
        $this->aside('  npm run sync -- connect ' . $this->app->state->get('shop_id'));
        $this->line($code);
        return self::OK;
    }

    /** @internal */
    public function test()
    {
        $problem = ErpSync_Connection::test($this->app);
        if ($problem !== null) {
            return $this->failed($this->language->problem($problem));
        }
        $this->line($this->language->say('The service has accepted a signed test call.'));
        return self::OK;
    }

    /** @internal */
    public function status()
    {
        $this->mustBeInstalled();
        $status = ErpSync_Status::of($this->app);
        if (isset($this->options['json'])) {
            $this->line(json_encode($status));
        } else {
            foreach ($status as $name => $value) {
                if (is_array($value) && isset($value['code'])) {
                    $said = $this->language->problem($value);
                    $value = $said['message'] . ' (' . $said['code'] . ') ' . $said['remedy'];
                } elseif (is_array($value)) {
                    $value = $value === array() ? '-' : implode(', ', $value);
                }
                $this->line(sprintf('%-18s %s', $name, $value === null ? '-' : $value));
            }
        }
        $isFine = $status['obstacle'] === null && $status['last_error'] === null && $status['triggers_missing'] === array();
        return $isFine ? self::OK : self::PROBLEM;
    }

    /** @internal */
    public function relay()
    {
        $seconds = $this->seconds(isset($this->options['watch']) ? 0 : 50);
        if ($seconds === null) {
            return self::USAGE;
        }
        $relay = new ErpSync_Relay($this->app);
        $summary = isset($this->options['watch'])
            ? $relay->watch($seconds)
            : $relay->run($seconds, 20 * ErpSync_Relay::MAX_BODY_BYTES);
        $this->line($this->language->say('accepted %d, taken by no target %d, set aside %d, to be sent again %d, without lines %d', array(
            isset($summary['accepted']) ? $summary['accepted'] : 0,
            isset($summary['notSubscribed']) ? $summary['notSubscribed'] : 0,
            isset($summary['invalid']) ? $summary['invalid'] : 0,
            isset($summary['retry']) ? $summary['retry'] : 0,
            isset($summary['notReady']) ? $summary['notReady'] : 0,
        )));
        // Two that meet are none: the other one does the work.
        if ($summary['stopped'] === null || $summary['stopped']['code'] === 'busy') {
            return self::OK;
        }
        return $this->failed($this->language->problem($summary['stopped']));
    }

    /** @internal */
    public function sweep()
    {
        $seconds = $this->seconds(300);
        if ($seconds === null) {
            return self::USAGE;
        }
        $obstacle = $this->app->obstacle();
        if ($obstacle !== null) {
            return $this->failed($this->language->problem($obstacle));
        }
        $sweep = new ErpSync_Sweep($this->app);
        if (!$sweep->work(microtime(true) + $seconds)) {
            $this->line($this->language->say('It has not come to its end. Run it again: it goes on from here.'));
            return self::PROBLEM;
        }
        $this->line($this->language->say('Everything was looked through. What differed is sent by the relay.'));
        return self::OK;
    }

    /** @return int|null what --seconds says; null after a usage message */
    private function seconds($default)
    {
        if (!isset($this->options['seconds'])) {
            return $default;
        }
        if (!preg_match('/^\d{1,6}$/D', $this->options['seconds'])) {
            $this->misused($this->language->say('%s has to be a number of seconds.', array('--seconds')));
            return null;
        }
        return (int) $this->options['seconds'];
    }

    /** @internal */
    public function setAside()
    {
        $this->mustBeInstalled();
        $rows = ErpSync_Status::setAside($this->app, 1000);
        if (isset($this->options['json'])) {
            $this->line(json_encode($rows));
            return self::OK;
        }
        foreach ($rows as $row) {
            $said = $this->language->problem($row);
            $this->line($row['kind'] . ' ' . $row['id'] . ($row['deleted'] ? ' (' . $this->language->say('deleted') . ')' : '')
                . '  ' . $said['code'] . ' ' . $row['field'] . '  ' . $said['message'] . ' ' . $said['remedy']);
        }
        if ($rows === array()) {
            $this->line($this->language->say('Nothing is set aside.'));
        }
        return self::OK;
    }

    /** @internal */
    public function release()
    {
        $this->mustBeInstalled();
        $this->line($this->language->say('%d released: they are sent once more.', array($this->app->outbox->releaseSetAside())));
        return self::OK;
    }

    /** @internal */
    public function resume()
    {
        $this->mustBeInstalled();
        $installer = new ErpSync_Installer($this->app);
        $installer->resume();
        $this->line($this->language->say('The relay goes on at its next run.'));
        return self::OK;
    }

    /** @internal */
    public function repair()
    {
        $installer = new ErpSync_Installer($this->app);
        $this->line($this->language->say($installer->repair() === 'triggers'
            ? 'Repaired. Changes are captured by triggers.'
            : 'Repaired. Changes are found by polling: the check says why.'));
        return self::OK;
    }

    /** @internal */
    public function bind()
    {
        $this->mustBeInstalled();
        $this->app->binding->bind();
        $this->line($this->language->say('This installation now speaks for the shop.'));
        return self::OK;
    }

    /** @internal */
    public function newEpoch()
    {
        if (!isset($this->options['yes'])) {
            return $this->misused($this->language->say('A new epoch makes the present connect code invalid; repeat with --yes.'));
        }
        $installer = new ErpSync_Installer($this->app);
        $installer->newEpoch();
        $this->aside($this->language->say('A new epoch has begun. Connect it once more: the old secrets are no longer valid.'));
        return $this->printCode($installer);
    }

    /** @internal */
    public function stockMode($mode)
    {
        if ($mode !== 'placement') {
            return $this->misused($this->language->say('Only placement can be chosen here; the setup page explains both modes.'));
        }
        $switch = new ErpSync_StockSwitch($this->app);
        $open = $switch->openOrders();
        $switch->toPlacement();
        $this->line($this->language->say('From now on stock is reduced when an order is placed.'));
        $this->line($this->language->say('The %d orders that are open now have taken nothing. The next stock run of the sync allows for them; without it, take their pieces off by hand.', array($open)));
        return self::OK;
    }

    /** @internal the time of an upgrade from 2.x: stored values below it are shifted although newer ones are not */
    public function plainSince($instant)
    {
        $this->mustBeInstalled();
        $time = $this->app->time();
        if ($time->offset() !== 0) {
            throw new ErpSync_SetupError(
                'plain-since',
                'This shop stores all its times shifted, so there is no such moment.',
                'Nothing is to be done: the bridge converts them all.'
            );
        }
        if (ctype_digit($instant)) {
            $raw = (int) $instant;
        } else {
            // In the shop's zone, which measuring has set.
            $raw = preg_match('/^\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?$/D', $instant) ? strtotime($instant) : false;
        }
        if ($raw === false) {
            return $this->misused($this->language->say('Give the time as 2016-12-14 or "2016-12-14 10:00", or a stored number.'));
        }
        $this->app->state->set('plain_since', $raw);
        $this->line($this->language->say($raw === 0
            ? 'All stored times are taken as they are.'
            : 'Stored times before %s are taken for those of ECShop 2.x.', $raw === 0 ? array() : array(ErpSync_ShopTime::iso($raw))));
        return self::OK;
    }

    /** @internal */
    public function uninstall()
    {
        if (!isset($this->options['yes'])) {
            return $this->misused($this->language->say('This removes tables, triggers and settings of the bridge; repeat with --yes.'));
        }
        $installer = new ErpSync_Installer($this->app);
        $files = $installer->uninstall();
        $this->line($this->language->say('Uninstalled: no table, no trigger and no scheduled task of the bridge is left.'));
        $this->line($this->language->say('Now delete these yourself: %s', array(implode(', ', $files))));
        return self::OK;
    }

    /** @internal */
    public function help()
    {
        $this->line($this->language->say('php erpsync/cli.php <command>, in the shop\'s folder'));
        $this->line('');
        $lines = array(
            'check [--json]' => 'what was found, and how to mend it',
            'install --webhook-url <url> --public-url <url> [--currency CNY] [--capture auto|poll] [--yes]' => 'installs, or with --yes installs again',
            'connect-code' => 'the code for npm run sync -- connect; it holds secrets',
            'test' => 'makes a signed test call',
            'status [--json]' => 'what waits, what was accepted last, what is wrong',
            'relay [--seconds 50] [--watch]' => 'sends what waits; with --watch until it is stopped',
            'sweep [--seconds 300]' => 'looks through everything for changes that were missed',
            'set-aside [--json]' => 'lists what the service called invalid',
            'release' => 'sends what was set aside once more',
            'resume' => 'goes on after a pause, when its cause is mended',
            'repair' => 'creates tables, triggers and the scheduled task again where they are missing',
            'bind' => 'lets this installation speak for the shop, after a move',
            'new-epoch --yes' => 'after a restore from a backup, or for new secrets',
            'stock-mode placement' => 'reduces stock when an order is placed',
            'plain-since <date|number>' => 'when a shop of 3.x or 4.x was upgraded from 2.x',
            'uninstall --yes' => 'removes every trace but the files',
        );
        foreach ($lines as $usage => $meaning) {
            $this->line('  ' . $usage);
            $this->line('      ' . $this->language->say($meaning));
        }
        $this->line('');
        $this->line($this->language->say('Exit codes: 0 all right, 1 a problem, 2 asked for wrongly.'));
        return self::OK;
    }

    private function mustBeInstalled()
    {
        if (!$this->app->isInstalled()) {
            $obstacle = $this->app->obstacle();
            throw new ErpSync_SetupError($obstacle['code'], $obstacle['message'], $obstacle['remedy']);
        }
    }

    private function failed(array $said)
    {
        $this->aside($said['message'] . ' (' . $said['code'] . ')');
        if ($said['remedy'] !== '') {
            $this->aside('-> ' . $said['remedy']);
        }
        return self::PROBLEM;
    }

    private function misused($message)
    {
        $this->aside($message);
        $this->aside($this->language->say('See php erpsync/cli.php help.'));
        return self::USAGE;
    }

    private function line($text)
    {
        fwrite(STDOUT, $text . "\n");
    }

    private function aside($text)
    {
        fwrite(STDERR, $text . "\n");
    }
}
