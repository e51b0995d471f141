<?php
/** Puts the bridge into a shop, gives it a new epoch, and takes every trace of it out again. */
class ErpSync_Installer
{
    /** @var ErpSync_App */
    private $app;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
    }

    /**
     * Installing again keeps what is waiting and starts a new epoch with new secrets.
     * @param array $settings webhook_url, public_url, currency, capture (auto, triggers or poll); absent ones stay as they are
     * @return array capture, epoch
     * @throws ErpSync_SetupError before anything is changed if a setting is wrong
     */
    public function install(array $settings)
    {
        $settings = $this->completed($settings);
        // Fails here if there is no strong randomness, while nothing is changed yet.
        ErpSync_Random::bytes(1);
        $installed = ErpSync_Tables::exist($this->app->db);
        if (!$installed) {
            $this->createTables();
        }
        $this->alone();
        try {
            $this->createTables();
            $state = $this->app->state;
            foreach (array('webhook_url', 'public_url', 'shop_id', 'currency', 'capture_wanted') as $name) {
                $state->set($name, $settings[$name]);
            }
            $capture = $this->capture($settings['capture_wanted']);
            $this->beginEpoch();
            $this->registerCron();
        } catch (Exception $error) {
            $this->app->db->unlock('relay');
            throw $error;
        }
        $this->app->db->unlock('relay');
        return array('capture' => $capture, 'epoch' => $this->app->state->get('epoch'));
    }

    /** After a restore: what was sent before must not be newer than what is sent now. @return string the epoch */
    public function newEpoch()
    {
        $this->mustBeInstalled();
        ErpSync_Random::bytes(1);
        $this->alone();
        try {
            $this->createTables();
            // A restore often brings the tables back without their triggers.
            $this->capture($this->app->state->get('capture_wanted'));
            $this->beginEpoch();
        } catch (Exception $error) {
            $this->app->db->unlock('relay');
            throw $error;
        }
        $this->app->db->unlock('relay');
        return $this->app->state->get('epoch');
    }

    /** Tables, triggers and the cron row as they should be; nothing else changes. @return string triggers or poll */
    public function repair()
    {
        $this->mustBeInstalled();
        $this->createTables();
        $capture = $this->capture($this->app->state->get('capture_wanted'));
        $this->registerCron();
        return $capture;
    }

    /** Every trace in database and data folder. @return array the files that a person deletes now, relative to the shop */
    public function uninstall()
    {
        $this->alone();
        ErpSync_Triggers::remove($this->app->db);
        $this->app->db->exec('DELETE FROM {crons} WHERE cron_code = ?', array('erpsync'));
        ErpSync_Tables::drop($this->app->db);
        $this->app->counter->removeFile();
        $this->app->db->unlock('relay');
        return array('erpsync/', 'includes/modules/cron/erpsync.php');
    }

    /** What `npm run sync -- connect` takes: it holds both secrets. */
    public function connectCode()
    {
        $this->mustBeInstalled();
        $state = $this->app->state;
        return base64_encode(json_encode(array(
            'v' => 1,
            'url' => $state->get('public_url') . 'erpsync/v1/',
            'epoch' => $state->get('epoch'),
            'webhook' => $state->get('webhook_secret'),
            'bridge' => $state->get('bridge_secret'),
        )));
    }

    /** Lets the relay try again at once after a person has dealt with what paused it. */
    public function resume()
    {
        foreach (array('paused', 'relay_not_before', 'relay_failures') as $name) {
            $this->app->state->forget($name);
        }
    }

    /**
     * @param string $url
     * @return bool whether signatures and personal data may go there: https, or http on this very machine
     */
    public static function isSafeUrl($url)
    {
        $parts = parse_url($url);
        if (!is_array($parts) || !isset($parts['scheme'], $parts['host']) || isset($parts['user']) || isset($parts['pass'])) {
            return false;
        }
        $scheme = strtolower($parts['scheme']);
        return $scheme === 'https' || ($scheme === 'http' && self::isLoopback($parts['host']));
    }

    private static function isLoopback($host)
    {
        $host = strtolower(trim($host, '[]'));
        return $host === 'localhost' || $host === '::1' || preg_match('/^127(\.\d{1,3}){3}$/D', $host) === 1;
    }

    private function completed(array $settings)
    {
        $known = ErpSync_Tables::exist($this->app->db);
        foreach (array('webhook_url' => '', 'public_url' => '', 'currency' => 'CNY', 'capture' => '') as $name => $default) {
            if (!isset($settings[$name]) || trim($settings[$name]) === '') {
                $stored = $known ? $this->app->state->get($name === 'capture' ? 'capture_wanted' : $name) : '';
                $settings[$name] = $stored === '' ? $default : $stored;
            }
            $settings[$name] = trim($settings[$name]);
        }
        $url = $settings['webhook_url'];
        if (!self::isSafeUrl($url)) {
            throw new ErpSync_SetupError(
                'webhook-url',
                'The webhook address is not a complete https address.',
                'Copy it from the output of the deployment: https://…/v1/shops/A1/events. Plain http is allowed on 127.0.0.1 only.'
            );
        }
        if (!preg_match('#/v1/shops/([A-Za-z0-9]{1,4})/events$#D', $url, $found)) {
            throw new ErpSync_SetupError(
                'webhook-url',
                'The webhook address does not end in /v1/shops/<shop>/events.',
                'Put the shop\'s key in sync.config.json between /v1/shops/ and /events.'
            );
        }
        $settings['shop_id'] = $found[1];
        $settings['public_url'] = self::publicUrl($settings['public_url']);
        if (!preg_match('/^[A-Z]{3}$/D', $settings['currency'])) {
            throw new ErpSync_SetupError(
                'currency',
                'The currency is not a code of three capital letters.',
                'Give the currency of the prices in the shop, for example CNY.'
            );
        }
        $settings['capture_wanted'] = $settings['capture'] === '' || $settings['capture'] === 'triggers'
            ? 'auto'
            : $settings['capture'];
        if (!in_array($settings['capture_wanted'], array('auto', 'poll'), true)) {
            throw new ErpSync_SetupError('capture', 'The kind of capture is not known.', 'Give auto or poll.');
        }
        return $settings;
    }

    /** The shop's own address with a trailing slash, however it was given. */
    private static function publicUrl($given)
    {
        $url = preg_replace('#(/erpsync(/(v1/?|setup\.php)?)?|/index\.php)?/*$#D', '', $given) . '/';
        if (!self::isSafeUrl($url) || strpbrk($url, '?#') !== false) {
            throw new ErpSync_SetupError(
                'public-url',
                'The address of the shop is not a complete https address.',
                'Give the address under which the shop\'s start page is reached from the internet, for example https://shop.example.com/. Names and addresses must not cross the network unencrypted: plain http is allowed on 127.0.0.1 only.'
            );
        }
        return $url;
    }

    private function createTables()
    {
        try {
            ErpSync_Tables::create($this->app->db);
        } catch (ErpSync_DbError $error) {
            throw new ErpSync_SetupError(
                'no-create',
                'The tables of the bridge cannot be created.',
                'Give the database user of data/config.php the privileges CREATE, DROP, INDEX, INSERT, UPDATE and DELETE on the shop\'s database.'
            );
        }
    }

    /** The relay works under this lock; nothing of it may run while epoch, secrets or tables change. */
    private function alone()
    {
        if (!$this->app->db->lock('relay', 20)) {
            throw new ErpSync_SetupError(
                'relay-running',
                'A relay is running and does not end.',
                'Stop the long-running relay (cli.php relay --watch), then try again.'
            );
        }
    }

    private function capture($wanted)
    {
        $state = $this->app->state;
        $before = $state->get('capture');
        if ($before === 'poll' || ($before === 'triggers' && ErpSync_Triggers::missing($this->app->db) !== array())) {
            // What fell between the two is found by comparison, by a whole one: what a sweep under way has passed is missing.
            $state->set('sweep_at', 0);
            $state->forget('sweep');
        }
        // Should creating them fail half-way, the poller finds the changes.
        $state->set('capture', 'poll');
        if ($wanted === 'poll' || ErpSync_Triggers::probe($this->app->db) !== null) {
            ErpSync_Triggers::remove($this->app->db);
            return 'poll';
        }
        ErpSync_Triggers::install($this->app->db);
        $state->set('capture', 'triggers');
        return 'triggers';
    }

    /** Epoch and secrets belong together: the service orders epochs by the secrets it was given. */
    private function beginEpoch()
    {
        $state = $this->app->state;
        $this->app->counter->raiseToHighWater();
        $this->app->counter->keepHighWater($this->app->counter->current());
        $this->giveFileToShop();
        $state->set('webhook_secret', 'whsec_' . base64_encode(ErpSync_Random::bytes(32)));
        $state->set('bridge_secret', 'brsec_' . base64_encode(ErpSync_Random::bytes(32)));
        $this->app->binding->bind($state->get('public_url'));
        if ($state->int('history_until') === 0) {
            // Where the bridge first came; a restored database may know of an earlier time than now.
            $installed = $state->int('installed_at');
            $state->set('history_until', $installed === 0 ? time() : $installed);
        }
        $state->set('installed_at', time());
        foreach (array('last_error', 'last_accepted_at') as $name) {
            $state->forget($name);
        }
        $this->resume();
        $state->set('epoch', 'e-' . gmdate('Ymd') . '-' . bin2hex(ErpSync_Random::bytes(3)));
    }

    /** Root on the command line would else leave a file that the web server cannot write to. */
    private function giveFileToShop()
    {
        $file = $this->app->config->root . '/data/erpsync.php';
        // Panels disable the last two.
        if (function_exists('posix_geteuid') && posix_geteuid() === 0 && is_file($file)
            && function_exists('chown') && function_exists('chgrp')) {
            @chown($file, fileowner(dirname($file)));
            @chgrp($file, filegroup(dirname($file)));
        }
    }

    /** Lets ECShop's own scheduler call the relay, if its module was copied. */
    private function registerCron()
    {
        $db = $this->app->db;
        if (!is_file($this->app->config->root . '/includes/modules/cron/erpsync.php')
            || $db->value('SELECT 1 FROM {crons} WHERE cron_code = ?', array('erpsync')) !== null) {
            return;
        }
        // As the admin area writes it: empty day, hour and minute mean at every call.
        $db->exec(
            'INSERT INTO {crons} (cron_code, cron_name, cron_desc, cron_config, nextime, day, week, hour, minute, enable,
               run_once, allow_ip, alow_files) VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, 1, 0, ?, ?)',
            array('erpsync', 'ERP 同步', '把订单等变化发送到 ERP 同步服务', 'a:0:{}', '', '', '', '', '')
        );
    }

    private function mustBeInstalled()
    {
        if (!$this->app->isInstalled()) {
            $obstacle = $this->app->obstacle();
            throw new ErpSync_SetupError($obstacle['code'], $obstacle['message'], $obstacle['remedy']);
        }
    }
}
