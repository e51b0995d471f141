<?php
/**
 * Serves one resource per file under erpsync/v1/. Whatever happens, the answer is JSON with a status, a code and a
 * remedy: what other files print (a byte order mark in data/config.php is common) is thrown away, and so are notices.
 */
class ErpSync_Api
{
    /** @var array resource => method, class that answers, kind of thing if it serves several */
    private static $resources = array(
        'health' => array('GET', 'ErpSync_Health', null),
        'changes' => array('GET', 'ErpSync_Changes', null),
        'orders' => array('GET', 'ErpSync_Things', 'order'),
        'customers' => array('GET', 'ErpSync_Things', 'customer'),
        'returns' => array('GET', 'ErpSync_Things', 'return'),
        'tickets' => array('GET', 'ErpSync_Things', 'ticket'),
        'stock-query' => array('POST', 'ErpSync_StockQuery', null),
        'stock-write' => array('POST', 'ErpSync_StockWrite', null),
        'shipments' => array('POST', 'ErpSync_Shipments', null),
        'ticket-replies' => array('POST', 'ErpSync_TicketReplies', null),
        'order-cancel' => array('POST', 'ErpSync_OrderCancel', null),
        'order-notes' => array('POST', 'ErpSync_OrderNotes', null),
    );

    /** @var array resource => true for those that change the shop */
    private static $writes = array(
        'stock-write' => true, 'shipments' => true, 'ticket-replies' => true, 'order-cancel' => true, 'order-notes' => true,
    );

    /** @var bool */
    private static $answered = false;

    /** Answers the call of this process. */
    public static function serve($resource)
    {
        ob_start();
        ini_set('display_errors', '0');
        register_shutdown_function(array('ErpSync_Api', 'answerAnyway'));
        try {
            $answer = self::answer($resource, dirname(dirname(dirname(__FILE__))));
            self::send(200, $answer);
        } catch (ErpSync_ApiProblem $problem) {
            self::send($problem->status(), $problem->body());
        } catch (Exception $error) {
            $problem = self::problemOf($error, isset(self::$writes[$resource]));
            self::send($problem->status(), $problem->body());
        }
    }

    /** @internal A fatal error, or an exit() in a file of the shop, left the call without an answer. */
    public static function answerAnyway()
    {
        if (!self::$answered) {
            $problem = self::internalError();
            self::send($problem->status(), $problem->body());
        }
    }

    private static function answer($resource, $root)
    {
        list($expected, $class, $kind) = self::$resources[$resource];
        $method = isset($_SERVER['REQUEST_METHOD']) ? $_SERVER['REQUEST_METHOD'] : '';
        if ($method !== $expected) {
            header('Allow: ' . $expected);
            throw new ErpSync_ApiProblem(
                'method-not-allowed',
                'This resource knows ' . $expected . ' only.',
                'Call it with ' . $expected . '.'
            );
        }
        $request = ErpSync_ApiRequest::arrived($method, $resource);
        $signed = self::signedHeaders();
        $app = new ErpSync_App($root);
        if (!$app->isInstalled()) {
            self::refuse($app->obstacle());
        }
        self::authenticate($app, $request, $signed);
        if ($resource !== 'health') {
            // `paused` is about what the shop sends; that alone refuses nothing here. Health tells all of them.
            $obstacle = $app->obstacle();
            if ($obstacle !== null && ($obstacle['code'] === 'not-bound' || $obstacle['code'] === 'restored')) {
                self::refuse($obstacle);
            }
        }
        $answerer = $kind === null ? new $class($app) : new $class($app, $kind);
        return $answerer->answer($request);
    }

    /** @return array timestamp, nonce and signature, before the database is asked for anything */
    private static function signedHeaders()
    {
        $patterns = array(
            'TIMESTAMP' => '/^[0-9]{1,12}$/D',
            'NONCE' => '/^[A-Za-z0-9_-]{16,64}$/D',
            'SIGNATURE' => '/^v1=[0-9a-f]{64}$/D',
        );
        $found = array();
        foreach ($patterns as $name => $pattern) {
            $value = isset($_SERVER['HTTP_X_ERPSYNC_' . $name]) ? (string) $_SERVER['HTTP_X_ERPSYNC_' . $name] : '';
            if (!preg_match($pattern, $value)) {
                throw new ErpSync_ApiProblem(
                    'missing-signature',
                    'The header X-Erpsync-' . ucfirst(strtolower($name)) . ' is missing or not well-formed.',
                    'Sign the call as the bridge contract says; a proxy before the shop must let these headers through.'
                );
            }
            $found[strtolower($name)] = $value;
        }
        return $found;
    }

    private static function authenticate(ErpSync_App $app, ErpSync_ApiRequest $request, array $signed)
    {
        $secret = $app->state->get('bridge_secret');
        $expected = ErpSync_Signature::of(
            $secret,
            $request->method,
            $request->path,
            $signed['timestamp'],
            $signed['nonce'],
            $request->body
        );
        if (!ErpSync_Signature::equal($expected, $signed['signature'])) {
            throw new ErpSync_ApiProblem(
                'bad-signature',
                'The signature is not that of this call with this shop\'s secret.',
                'Compare the secrets; connect the shop again if the bridge was installed anew.'
            );
        }
        $now = time();
        if (abs($now - (float) $signed['timestamp']) > ErpSync_Signature::TOLERANCE) {
            throw new ErpSync_ApiProblem(
                'wrong-clock',
                'The signature is right, but more than ' . ErpSync_Signature::TOLERANCE . ' seconds off the shop\'s clock.',
                'Sign again with the time in server_time, and set the clock that is wrong.',
                null,
                array('server_time' => ErpSync_ShopTime::iso($now))
            );
        }
        $nonces = new ErpSync_Nonces($app->db);
        if (!$nonces->take($signed['nonce'], $now)) {
            throw new ErpSync_ApiProblem(
                'replayed',
                'This call was answered before.',
                'Sign again, with a new nonce.'
            );
        }
    }

    private static function refuse(array $obstacle)
    {
        throw new ErpSync_ApiProblem($obstacle['code'], $obstacle['message'], $obstacle['remedy']);
    }

    /** @return ErpSync_ApiProblem what may be told of an error that no resource expected */
    private static function problemOf(Exception $error, $isWrite)
    {
        if ($error instanceof ErpSync_SetupError) {
            return $error->name === 'no-database'
                ? new ErpSync_ApiProblem('busy', $error->getMessage(), $error->remedy)
                : new ErpSync_ApiProblem('not-installed', $error->getMessage(), $error->remedy);
        }
        // Too many connections, gone away, lost, lock wait timeout, deadlock.
        if ($error instanceof ErpSync_DbError
            && in_array($error->getCode(), array(1040, 2006, 2013, 1205, 1213), true)) {
            // A statement whose answer was lost may have been carried out, and others before it; `busy` would deny that.
            return $isWrite
                ? new ErpSync_ApiProblem('internal-error', 'The shop\'s database was lost or locked amid this call.', 'Repeat the call as it was.')
                : new ErpSync_ApiProblem('busy', 'The shop\'s database is busy.', 'Call again later.');
        }
        // Of our own errors the message names no values; of others only the place is known to be harmless.
        $told = $error instanceof ErpSync_DbError ? $error->getMessage() : get_class($error);
        error_log('erpsync: ' . $told . ' at ' . basename($error->getFile()) . ':' . $error->getLine());
        return self::internalError();
    }

    private static function internalError()
    {
        return new ErpSync_ApiProblem(
            'internal-error',
            'The bridge failed at this call.',
            'Look into the PHP error log of the shop.'
        );
    }

    private static function send($status, array $body)
    {
        self::$answered = true;
        while (ob_get_level() > 0 && @ob_end_clean()) {
            continue;
        }
        $text = json_encode($body);
        if ($text === false) {
            error_log('erpsync: an answer could not be made into JSON (' . json_last_error() . ')');
            $problem = self::internalError();
            $status = $problem->status();
            $text = json_encode($problem->body());
        }
        // The third argument sets the status: http_response_code() is of PHP 5.4.
        header('Content-Type: application/json; charset=utf-8', true, $status);
        header('Cache-Control: no-store');
        header('X-Content-Type-Options: nosniff');
        echo $text;
    }
}
