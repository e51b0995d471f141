<?php
/**
 * Scheduled task of ECShop that sends what changed to the synchronisation service. Belongs into includes/modules/cron/ of
 * the shop; the folder erpsync lies beside the folder includes. ECShop includes this file twice over: to list its modules,
 * and, from api/cron.php, to run the job within a visitor's request.
 */
if (!defined('IN_ECS')) {
    exit('Hacking attempt');
}

// ECShop wants a language file beside its own only where there is none of this.
global $_LANG;
$_LANG['erpsync'] = 'ERP sync';
$_LANG['erpsync_desc'] = 'Sends orders, customers, returns and messages that changed to the ERP synchronisation service.';
if (isset($GLOBALS['_CFG']['lang']) && strpos($GLOBALS['_CFG']['lang'], 'zh') === 0) {
    $erpsync_charset = defined('EC_CHARSET') ? strtolower(EC_CHARSET) : 'utf-8';
    foreach (array('erpsync' => 'ERP 同步', 'erpsync_desc' => '把有变化的订单、会员、退货和留言发送到 ERP 同步服务。') as $erpsync_name => $erpsync_text) {
        if ($erpsync_charset === 'utf-8') {
            $_LANG[$erpsync_name] = $erpsync_text;
        } elseif (function_exists('iconv')) {
            $_LANG[$erpsync_name] = iconv('UTF-8', $erpsync_charset, $erpsync_text);
        }
    }
    unset($erpsync_charset, $erpsync_name, $erpsync_text);
}

if (isset($set_modules) && $set_modules == true) {
    $i = isset($modules) ? count($modules) : 0;
    $modules[$i]['code'] = basename(__FILE__, '.php');
    $modules[$i]['desc'] = 'erpsync_desc';
    $modules[$i]['author'] = 'ecshop-erp-sync';
    $modules[$i]['website'] = '';
    $modules[$i]['version'] = '1.0.0';
    $modules[$i]['config'] = array();
    return;
}

if (!function_exists('erpsync_cron')) {
    /** In a function, and without an exception ever leaving it: the shop's other tasks come after this one. */
    function erpsync_cron()
    {
        $bootstrap = ROOT_PATH . 'erpsync/bootstrap.php';
        // The PHP that installed the bridge on the command line may have an extension that this one lacks.
        if (!is_file($bootstrap) || !class_exists('mysqli_driver')) {
            return;
        }
        $zone = date_default_timezone_get();
        $driver = new mysqli_driver();
        $report = $driver->report_mode;
        $aborting = ignore_user_abort(true);
        $memory = ini_get('memory_limit');
        // ECShop 2.7 runs its tasks with 16 MB.
        if (preg_match('/^(\d+)M$/i', $memory, $found) && (int) $found[1] < 64) {
            @ini_set('memory_limit', '64M');
        }
        try {
            require_once $bootstrap;
            $relay = new ErpSync_Relay(new ErpSync_App(rtrim(ROOT_PATH, '/\\')));
            $relay->run(3, 524288);
            $relay = null;
        } catch (Exception $error) {
            // It is seen in the status of the bridge, and the next run tries again.
            $relay = null;
        } catch (Throwable $error) {
            $relay = null;
        }
        @ini_set('memory_limit', $memory);
        ignore_user_abort($aborting > 0);
        mysqli_report($report);
        date_default_timezone_set($zone);
        if (function_exists('error_clear_last')) {
            error_clear_last();
        }
    }
}
erpsync_cron();
