<?php
/** One request to setup.php: who asks, what they want done, and the page that answers. Whatever changes something is a POST. */
class ErpSync_SetupPage
{
    /** @var string the shop's folder */
    private $root;
    /** @var array */
    private $server;
    private $cookies;
    private $post;
    /** @var ErpSync_Language */
    private $language;
    /** @var ErpSync_SetupView */
    private $view;
    /** @var ErpSync_App */
    private $app;

    public function __construct($root, array $server, array $cookies, array $get, array $post)
    {
        $this->root = $root;
        $this->server = $server;
        $this->cookies = $cookies;
        $this->post = $post;
        $this->language = ErpSync_Language::ofBrowser(
            isset($get['lang']) ? $get['lang'] : '',
            isset($server['HTTP_ACCEPT_LANGUAGE']) ? $server['HTTP_ACCEPT_LANGUAGE'] : ''
        );
        $this->view = new ErpSync_SetupView($this->language);
    }

    public function respond()
    {
        // An error of PHP's own would show paths and statements to whoever asks.
        @ini_set('display_errors', '0');
        // What data/config.php prints, often a byte order mark, must not come before the status.
        ob_start();
        $this->headers();
        try {
            $this->app = new ErpSync_App($this->root);
            $session = new ErpSync_AdminSession($this->app->db, $this->root, $this->cookies, $this->server, time());
        } catch (Exception $error) {
            // Before anyone is known nothing is said, not even what is wrong.
            $this->refuse(403);
            return;
        }
        if (!$session->isSuperAdmin()) {
            $this->refuse(403);
            return;
        }
        $token = $session->token($this->formSecret());
        $this->view->token = $token;
        $isPost = isset($this->server['REQUEST_METHOD']) && $this->server['REQUEST_METHOD'] === 'POST';
        if (!$isPost) {
            $this->show();
            return;
        }
        // Compared as hashes, so that the time it takes tells nothing of the token.
        if (hash_hmac('sha256', $this->field('token'), $token) !== hash_hmac('sha256', $token, $token)) {
            $this->status(403);
            $this->view->note('fail', $this->language->say('This form is too old or was not made here. Nothing was changed. Try again.'));
            $this->show();
            return;
        }
        try {
            $this->act($this->field('do'));
        } catch (ErpSync_SetupError $error) {
            $said = $this->language->setupError($error);
            $this->view->note('fail', $said['message'], $said['remedy']);
        } catch (ErpSync_DbError $error) {
            $this->view->note(
                'fail',
                $this->language->say('The database refused a statement (MySQL error %d).', array($error->getCode())),
                $this->language->say('Run the check; it names the privilege that is missing.')
            );
        }
        $this->show();
    }

    private function act($what)
    {
        $installer = new ErpSync_Installer($this->app);
        $say = $this->language;
        switch ($what) {
            case 'check':
                $this->view->checked = true;
                break;
            case 'install':
                // The epoch in the form keeps a reload of the answer from starting yet another one.
                if (!$this->isFresh() || ($this->epoch() !== '' && !$this->isConfirmed())) {
                    break;
                }
                $done = $installer->install(array(
                    'webhook_url' => $this->field('webhook_url'),
                    'public_url' => $this->field('public_url'),
                    'currency' => $this->field('currency'),
                    'capture' => $this->field('capture'),
                ));
                $this->view->note('ok', $done['capture'] === 'triggers'
                    ? $say->say('Installed. Changes are captured by triggers.')
                    : $say->say('Installed. Changes are found by polling.'));
                $this->view->code = $installer->connectCode();
                break;
            case 'new-epoch':
                if (!$this->isFresh() || !$this->isConfirmed()) {
                    break;
                }
                $installer->newEpoch();
                $this->view->note('ok', $say->say('A new epoch has begun. Connect it once more: the old secrets are no longer valid.'));
                $this->view->code = $installer->connectCode();
                break;
            case 'code':
                $this->view->code = $installer->connectCode();
                break;
            case 'test':
                $this->test();
                break;
            case 'release':
                $this->view->note('ok', $say->say('%d released: they are sent once more.', array($this->app->outbox->releaseSetAside())));
                break;
            case 'resume':
                $installer->resume();
                $this->view->note('ok', $say->say('The relay goes on at its next run.'));
                break;
            case 'bind':
                $this->app->binding->bind();
                $this->view->note('ok', $say->say('This installation now speaks for the shop.'));
                break;
            case 'repair':
                $capture = $installer->repair();
                $this->view->note('ok', $capture === 'triggers'
                    ? $say->say('Repaired. Changes are captured by triggers.')
                    : $say->say('Repaired. Changes are found by polling: the check says why.'));
                break;
            case 'stock':
                if ($this->field('mode') === 'placement') {
                    $switch = new ErpSync_StockSwitch($this->app);
                    $switch->toPlacement();
                    $this->view->note('ok', $say->say('From now on stock is reduced when an order is placed.'));
                }
                break;
            case 'uninstall':
                if (!$this->isConfirmed()) {
                    break;
                }
                $files = $installer->uninstall();
                $this->view->note(
                    'ok',
                    $say->say('Uninstalled: no table, no trigger and no scheduled task of the bridge is left.'),
                    $say->say('Now delete these yourself: %s', array(implode(', ', $files)))
                );
                break;
        }
    }

    private function test()
    {
        $problem = ErpSync_Connection::test($this->app);
        if ($problem === null) {
            $this->view->note('ok', $this->language->say('The service has accepted a signed test call.'));
            return;
        }
        $said = $this->language->problem($problem);
        $this->view->note('fail', $said['message'] . ' (' . $said['code'] . ')', $said['remedy']);
    }

    private function isFresh()
    {
        if ($this->field('epoch') === $this->epoch()) {
            return true;
        }
        $this->view->note('warn', $this->language->say('That was done already. Nothing was changed.'));
        return false;
    }

    private function isConfirmed()
    {
        if ($this->field('sure') === '1') {
            return true;
        }
        $this->view->note('warn', $this->language->say('Nothing was changed: tick the box to confirm.'));
        return false;
    }

    private function epoch()
    {
        return $this->app->isInstalled() ? $this->app->state->get('epoch') : '';
    }

    private function show()
    {
        $installed = $this->app->isInstalled();
        $findings = null;
        if (!$installed || $this->view->checked) {
            $checks = new ErpSync_Checks($this->root, $this->language);
            $findings = $checks->run($installed);
        }
        $page = $this->view->page(array(
            'installed' => $installed,
            'findings' => $findings,
            'status' => $installed ? ErpSync_Status::of($this->app) : null,
            'set_aside' => $installed ? ErpSync_Status::setAside($this->app, 50) : array(),
            'stock' => $this->stock($findings),
            'form' => $this->formValues($installed),
        ));
        ob_clean();
        echo $page;
    }

    /** @return array|null mode and open orders; null where the shop's tables are not all there */
    private function stock($findings)
    {
        if ($findings !== null) {
            foreach ($findings as $finding) {
                if ($finding['name'] === 'shop' && $finding['level'] === ErpSync_Checks::FAIL) {
                    return null;
                }
            }
        }
        $switch = new ErpSync_StockSwitch($this->app);
        return array('mode' => $switch->current(), 'open' => $switch->openOrders());
    }

    private function formValues($installed)
    {
        $state = $this->app->state;
        $values = array('epoch' => $this->epoch());
        $defaults = array('webhook_url' => '', 'public_url' => $this->guessedUrl(), 'currency' => 'CNY', 'capture' => 'auto');
        foreach ($defaults as $name => $default) {
            $stored = $installed ? $state->get($name === 'capture' ? 'capture_wanted' : $name) : '';
            $posted = $this->field('do') === 'install' ? $this->field($name) : '';
            $values[$name] = $posted !== '' ? $posted : ($stored !== '' ? $stored : $default);
        }
        return $values;
    }

    /** The address this page was opened under, less the page. */
    private function guessedUrl()
    {
        $host = isset($this->server['HTTP_HOST']) ? $this->server['HTTP_HOST'] : '';
        $path = isset($this->server['SCRIPT_NAME']) ? $this->server['SCRIPT_NAME'] : '';
        if (!preg_match('/^[A-Za-z0-9.:\[\]-]+$/D', $host)) {
            return '';
        }
        $forwarded = isset($this->server['HTTP_X_FORWARDED_PROTO']) ? $this->server['HTTP_X_FORWARDED_PROTO'] : '';
        $secure = (isset($this->server['HTTPS']) && !in_array(strtolower($this->server['HTTPS']), array('', 'off'), true))
            || $forwarded === 'https';
        return ($secure ? 'https://' : 'http://') . $host . preg_replace('#erpsync/setup\.php$#', '', $path);
    }

    private function field($name)
    {
        return isset($this->post[$name]) && is_string($this->post[$name]) ? trim($this->post[$name]) : '';
    }

    /** What only this installation knows; it exists before the bridge's own secrets do. */
    private function formSecret()
    {
        $config = $this->app->config;
        return hash('sha256', $config->dbPassword . "\n" . $config->dbUser . "\n" . $config->dbName . "\n" . $config->root
            . "\n" . (defined('AUTH_KEY') ? AUTH_KEY : ''));
    }

    private function headers()
    {
        header('Content-Type: text/html; charset=utf-8');
        header('Cache-Control: no-store');
        header('X-Frame-Options: DENY');
        header('X-Content-Type-Options: nosniff');
        header('Referrer-Policy: no-referrer');
        header('X-Robots-Tag: noindex');
        header("Content-Security-Policy: default-src 'none'; style-src 'sha256-" . ErpSync_SetupView::styleHash()
            . "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
    }

    private function status($code)
    {
        header('Cache-Control: no-store', true, $code);
    }

    private function refuse($code)
    {
        $this->status($code);
        ob_clean();
        echo $this->view->stranger();
    }
}
